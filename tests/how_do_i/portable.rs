//! Two thin mains: this is the one of Unix.

use support::{Case, program};

use crate::{assert_refused, connect, listening};

#[test]
fn program_for_windows_as_well_is_a_daemon_here() {
    let case = Case::new();
    let outcome = case.program(program!("portable")).arg("127.0.0.1:0").run();
    let (daemon, address) = listening(&case, &outcome, "listens on ");
    connect(address);
    assert_ne!(daemon.stat().session, daemon.0);
    let again = case.program(program!("portable")).arg(address.to_string()).run();
    assert_refused(&again, "portable: listener: Address already in use (os error 98)", 1);
}
