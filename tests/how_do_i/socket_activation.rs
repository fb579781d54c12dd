//! A socket that somebody else has opened: number 3, `LISTEN_FDS`, `LISTEN_PID`.

use std::{io::Read, net::TcpListener, os::fd::AsRawFd};

use support::{Case, Launch, program};

use crate::{connect, listening, target};

/// Becomes the program, with stdin as its number 3: the number of a process is known to itself alone.
const MANAGER: &str =
    r#"exec 3<&0 </dev/null; export LISTEN_FDS=1 LISTEN_PID="$1" LISTEN_FDNAMES=web; exec "$0" "$2""#;

/// The service manager, and the socket that it opened.
fn managed<'case>(case: &'case Case, pid: &str) -> (Launch<'case>, TcpListener) {
    let program = case.program(program!("socket_activation")).path().to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let script = MANAGER.replace(r#""$1""#, pid);
    let manager = case.command("/bin/sh").arg("-c").arg(script).arg(program).arg("").arg("127.0.0.1:0");
    (manager.stdin(listener.try_clone().unwrap()), listener)
}

#[track_caller]
fn answer_at(address: std::net::SocketAddr) -> String {
    let mut answer = String::new();
    connect(address).read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn socket_of_the_manager_is_the_daemons() {
    let case = Case::new();
    let (manager, listener) = managed(&case, "$$");
    let outcome = manager.run();
    let (daemon, address) = listening(&case, &outcome, "listens on ");
    assert_eq!(address, listener.local_addr().unwrap());
    // The same socket, and not another one at the same address.
    let own = format!("/proc/self/fd/{}", listener.as_raw_fd());
    assert_eq!(target(daemon, 3), Some(std::fs::read_link(own).unwrap()));
    assert!(daemon.descriptors()[&3].is_close_on_exec());
    drop(listener);
    assert_eq!(answer_at(address), format!("this is process {}\n", daemon.0));
    // The variables are used up; that of the names is not `listenfd`'s business, and harmless alone.
    let environment = daemon.environment();
    let of_listen: Vec<_> = environment.iter().filter(|entry| entry.starts_with(b"LISTEN_")).collect();
    assert_eq!(of_listen, [b"LISTEN_FDNAMES=web"]);
}

#[test]
fn socket_that_is_meant_for_another_process_is_left_alone() {
    let case = Case::new();
    // The test's own: it lives, and is not the program.
    let (manager, listener) = managed(&case, &std::process::id().to_string());
    let outcome = manager.run();
    let (daemon, address) = listening(&case, &outcome, "listens on ");
    assert_ne!(address, listener.local_addr().unwrap());
    assert_eq!(answer_at(address), format!("this is process {}\n", daemon.0));
}

#[test]
fn socket_of_its_own_is_there_without_a_manager() {
    let case = Case::new();
    let outcome = case.program(program!("socket_activation")).arg("127.0.0.1:0").run();
    let (daemon, address) = listening(&case, &outcome, "listens on ");
    assert_eq!(answer_at(address), format!("this is process {}\n", daemon.0));
}
