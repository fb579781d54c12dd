//! F1: two execs of itself. The first child leads a session, starts the daemon, and exits; so the daemon leads none.
//!
//! The parent exits as soon as the first child is started: nobody learns whether there is a daemon.

mod sys;

use std::io;
use sys::Role;

fn main() -> io::Result<()> {
    match Role::own() {
        Role::Parent => sys::spawn(Role::Child, None),
        Role::Child => {
            sys::lead_session()?;
            sys::spawn(Role::Daemon, None)
        }
        Role::Daemon => {
            report::report()?;
            report::hold()
        }
    }
}
