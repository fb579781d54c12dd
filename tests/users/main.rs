//! User and group: whom a daemon becomes, what it keeps of whoever started it, and that there is no way back.
//!
//! Who a process is, its status says, by four numbers each: real, effective, saved, and the file system's.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod becoming;
mod database;
mod example;
mod opened;
mod refused;
mod variables;
mod way_back;

use support::{Case, Launch, Process, Puppet, is_root, program, skip};

/// The daemon that becomes somebody, among the users and groups of these tests.
fn changed<'case>(case: &'case Case, args: &[&str]) -> Launch<'case> {
    database::among_them(case, args.iter().fold(case.program(program!("changed")), Launch::arg))
}

/// The same without the attribute.
fn by_hand<'case>(case: &'case Case, how: &str, who: &str) -> Launch<'case> {
    database::among_them(case, case.program(program!("changed_by_hand")).arg(how).arg(who))
}

/// Whether this test can become others. Says so if not.
fn can_change() -> bool {
    if !is_root() {
        skip("only root can become somebody else");
    }
    is_root()
}

/// Whether root can become an ordinary user who starts the programs of this case. Says so if not.
fn can_be_ordinary(case: &Case) -> bool {
    if !case.is_open_to_all() {
        skip("another user cannot come to the programs");
    }
    can_change() && case.is_open_to_all()
}

/// The numbers in a line of the status.
#[track_caller]
fn numbers(process: Process, key: &str) -> Vec<u32> {
    let mut numbers: Vec<_> =
        process.status(key).split_ascii_whitespace().map(|number| number.parse().unwrap()).collect();
    if key == "Groups" {
        numbers.sort_unstable();
    }
    numbers
}

/// This is who the process is, in every respect.
#[track_caller]
fn assert_is(process: Process, user: u32, group: u32, groups: &[u32]) {
    assert_eq!(numbers(process, "Uid"), [user; 4], "user");
    assert_eq!(numbers(process, "Gid"), [group; 4], "group");
    assert_eq!(numbers(process, "Groups"), groups, "supplementary groups");
}

/// A start that fails, in one line, with this status and without a trace.
#[track_caller]
fn assert_failed(case: &Case, launch: Launch<'_>, line: &str, status: i32) {
    let outcome = launch.run();
    assert_eq!((outcome.failure(), outcome.status.code()), (line, Some(status)));
    assert_eq!(outcome.stdout, b"");
    case.wait_until_empty();
}

/// Has it end by itself, and waits for that.
#[track_caller]
fn finish(daemon: Puppet) {
    let process = daemon.process();
    daemon.go();
    support::wait_for_end(process.0);
}
