//! What the environment says about the user.

use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

use support::{Case, Puppet, wait_until};

use crate::{
    by_hand, can_be_ordinary, can_change, changed,
    database::{ALICE, UNKNOWN, WEB},
};

/// What the caller's environment says, among others.
const CALLERS: [&[u8]; 3] = [b"HOME=/caller", b"USER=caller", b"LOGNAME=caller"];

/// Everything that could go wrong beside them.
const OTHERS: &[&[u8]] = &[
    b"PATH=/usr/bin:/bin",
    b"TWICE=1",
    b"TWICE=2",
    b"NAME=caf\xe9",
    b"\xff=\xfe",
    b"NO_EQUALS_SIGN",
    b"HOME",
    b"USER_=1",
    b"XLOGNAME=1",
    b"home=/x",
    b"=",
    b"EMPTY=",
    b"",
    b"SHELL=/bin/zsh",
];

fn is_of_a_user(entry: &[u8]) -> bool {
    [&b"HOME="[..], b"USER=", b"LOGNAME="].iter().any(|name| entry.starts_with(name))
}

/// Those that say who the user is, in any order; and all the others, in theirs.
fn sorted_out<'entry>(entries: impl IntoIterator<Item = &'entry [u8]>) -> [Vec<String>; 2] {
    let (mut user, others): (Vec<_>, Vec<_>) = entries.into_iter().partition(|&entry| is_of_a_user(entry));
    user.sort_unstable();
    [user, others].map(|entries| entries.iter().map(|entry| entry.escape_ascii().to_string()).collect())
}

/// Starts with these variables before and behind the others. Of the daemon's, these are of the user, and the others are
/// as they were. Its children have the same.
#[track_caller]
fn assert_variables(args: &[&str], before: &[&[u8]], behind: &[&[u8]], expected: &[&str]) {
    let case = Case::new();
    // Children belong to the case by this alone.
    let mark = case.mark();
    let entries = [before, &[mark.as_bytes()], OTHERS, behind].concat();
    let launch = changed(&case, args).only_env(entries.iter().map(|entry| OsStr::from_bytes(entry)));
    let mut daemon = launch.daemon();
    let [_, others] = sorted_out(entries);
    let mut expected: Vec<_> = expected.iter().map(|&entry| entry.to_owned()).collect();
    expected.sort_unstable();
    let expected = [expected, others];
    assert_eq!(sorted_out(daemon.all("env")), expected, "as the program sees them");
    daemon.do_and_report("helper", "sleep");
    let child = wait_until("the child", || {
        case.processes().into_iter().find(|process| process.try_name().as_deref() == Some("sleep"))
    });
    let child = child.environment();
    assert_eq!(sorted_out(child.iter().map(Vec::as_slice)), expected, "as its children see them");
}

#[test]
fn variables_are_those_of_the_user() {
    if !can_change() {
        return;
    }
    let expected = ["HOME=/home/alice", "USER=alice", "LOGNAME=alice"];
    assert_variables(&["--user", "alice"], &CALLERS, &[], &expected);
    assert_variables(&["--user", "alice"], &[], &CALLERS, &expected);
    assert_variables(&["--user", &ALICE.to_string(), "--group", "web"], &CALLERS, &[], &expected);
}

#[test]
fn variables_are_there_whether_they_were_or_not() {
    if can_change() {
        let expected = ["HOME=/home/alice", "USER=alice", "LOGNAME=alice"];
        assert_variables(&["--user", "alice"], &[], &[], &expected);
    }
}

#[test]
fn no_second_variable_of_the_same_name_still_tells_of_the_caller() {
    if can_change() {
        // Some programs take the first, some the last.
        let expected = ["HOME=/home/bob", "USER=bob", "LOGNAME=bob"];
        assert_variables(&["--user", "bob"], &CALLERS, &CALLERS, &expected);
    }
}

#[test]
fn variables_of_a_user_without_an_entry_tell_nothing() {
    if !can_change() {
        return;
    }
    let unknown = UNKNOWN.to_string();
    let args = ["--user", &unknown, "--group", &WEB.to_string()];
    assert_variables(&args, &CALLERS, &[], &["HOME=/"]);
    assert_variables(&args, &[], &[], &["HOME=/"]);
}

#[test]
fn variables_stay_when_the_user_does() {
    if !can_change() {
        return;
    }
    let kept = ["HOME=/caller", "USER=caller", "LOGNAME=caller"];
    let table: [&[&str]; 5] = [
        &[],
        &["--group", "web"],
        &["--user", "root"],
        &["--user", "0", "--group", "web"],
        &["--user", "root", "--group", "root"],
    ];
    for args in table {
        assert_variables(args, &CALLERS, &[], &kept);
        assert_variables(args, &[], &[], &[]);
    }
}

#[test]
fn variables_stay_when_an_ordinary_user_is_itself() {
    let case = Case::new();
    if can_be_ordinary(&case) {
        let launch = changed(&case, &["--user", "nobody"]).env("HOME=/caller").env("USER=caller");
        let daemon = launch.unprivileged().daemon();
        assert_eq!(of_the_user(&daemon), ["HOME=/caller", "USER=caller"]);
    }
}

fn of_the_user(daemon: &Puppet) -> Vec<String> {
    let [user, _] = sorted_out(daemon.all("env"));
    user
}

#[test]
fn values_still_see_the_callers_variables_in_the_daemon() {
    if can_change() {
        let case = Case::new();
        let launch = changed(&case, &["--user", "alice"]);
        let daemon = launch.env("HOME=/caller").env("USER=caller").env("LOGNAME=caller").daemon();
        assert_eq!(daemon.text("seen"), "/caller caller caller");
    }
}

#[test]
fn variables_are_those_of_the_user_in_the_foreground_too() {
    if can_change() {
        let case = Case::new();
        let launch = changed(&case, &["--user", "alice", "--foreground"]).env("HOME=/caller");
        let program = launch.spawn();
        let body = case.puppet();
        assert_eq!(of_the_user(&body), ["HOME=/home/alice", "LOGNAME=alice", "USER=alice"]);
        body.go();
        program.wait().assert_success();
    }
}

#[test]
fn variables_are_those_of_the_user_without_the_attribute() {
    if can_change() {
        let case = Case::new();
        let daemon = by_hand(&case, "user-str", "alice").env("HOME=/caller").daemon();
        assert_eq!(of_the_user(&daemon), ["HOME=/home/alice", "LOGNAME=alice", "USER=alice"]);
    }
}
