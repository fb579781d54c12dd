//! Both attributes on one `main`, in either order.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{io::Read, net::TcpStream};

use nix::{sys::wait::WaitStatus, unistd::Pid};
use support::{Case, program, wait_for_end};

#[test]
fn runtime_below_accepts_on_a_listener_of_the_parent() {
    let case = Case::new();
    let daemon = case.program(program!("tokio_below")).daemon();
    let process = daemon.process().0;
    let mut connection = TcpStream::connect(daemon.text("address")).unwrap();
    daemon.go();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, process.to_string());
    assert_eq!(wait_for_end(process), WaitStatus::Exited(Pid::from_raw(process), 0));
}

#[test]
fn runtime_above_runs_in_the_daemon() {
    let case = Case::new();
    let daemon = case.program(program!("tokio_above")).daemon();
    assert_eq!(daemon.text("stage"), "daemon");
    assert!(daemon.number("threads") > 0);
    daemon.order("error", "no luck");
}
