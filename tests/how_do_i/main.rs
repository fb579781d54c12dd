//! The programs of the page "how do I", as a user starts them. Most are examples, and the page shows their text.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod chroot_and_limits;
mod held_lock;
mod page;
mod portable;
mod reload;
mod secret;
mod socket_activation;
mod subcommands;
mod unix_socket;
mod with_tokio;

use std::{
    fs,
    net::{SocketAddr, TcpStream},
    path::Path,
    time::Duration,
};

use nix::{
    sys::{signal::Signal, wait::WaitStatus},
    unistd::Pid,
};
use support::{Case, Outcome, Process, wait_for_end};

/// The daemon that says `process PID ...` of itself, in the first line of this text. There is no other process.
#[track_caller]
fn daemon_in(case: &Case, text: &str) -> Process {
    let daemon = Process(word_behind(text, "process ").parse().unwrap());
    assert_eq!(case.processes(), [daemon]);
    daemon
}

/// The daemon of a start that went well, and said nothing but that it `listens on` this address.
#[track_caller]
fn listening(case: &Case, outcome: &Outcome, verb: &str) -> (Process, SocketAddr) {
    assert!(outcome.status.success() && outcome.stdout.is_empty(), "{outcome:?}");
    let text = str::from_utf8(&outcome.stderr).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    (daemon_in(case, text), word_behind(text, verb).parse().unwrap())
}

/// What stands behind this, up to the end of the word.
#[track_caller]
fn word_behind<'text>(text: &'text str, before: &str) -> &'text str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("no `{before}` in: {text}"));
    rest.split([' ', ';', '\r', '\n']).next().unwrap()
}

#[track_caller]
fn connect(address: SocketAddr) -> TcpStream {
    let connection = TcpStream::connect(address).unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    connection
}

/// Ends it by SIGTERM, for which it has a handler.
#[track_caller]
fn end(daemon: Process) {
    daemon.signal(Signal::SIGTERM);
    assert_eq!(wait_for_end(daemon.0), WaitStatus::Exited(Pid::from_raw(daemon.0), 0));
}

/// Ends it by a signal that nobody can handle: the crash.
#[track_caller]
fn crash(daemon: Process) {
    daemon.signal(Signal::SIGKILL);
    wait_for_end(daemon.0);
}

/// A start that fails, in one line, with this status.
#[track_caller]
fn assert_refused(outcome: &Outcome, line: &str, status: i32) {
    assert_eq!((outcome.failure(), outcome.status.code()), (line, Some(status)));
    assert_eq!(outcome.stdout, b"");
}

/// Where one of its descriptors leads to.
fn target(process: Process, number: i32) -> Option<std::path::PathBuf> {
    fs::read_link(format!("/proc/{}/fd/{number}", process.0)).ok()
}

/// The names of what is in there, in order.
#[track_caller]
fn names_in(folder: &Path) -> Vec<String> {
    let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(name).collect();
    names.sort_unstable();
    names
}
