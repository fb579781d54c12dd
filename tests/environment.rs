//! The daemon's environment is the parent's, byte for byte; a stage in it that nobody of ours made is an entry like any
//! other.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    ffi::OsStr,
    io::Read,
    os::unix::{ffi::OsStrExt, net::UnixStream},
    process,
};

use support::{
    Case, Launch, Process, Puppet,
    forgery::{STAGE, STRANGER, stage},
    program,
};

#[track_caller]
fn assert_environment(daemon: &Puppet, expected: &[&[u8]]) {
    let text =
        |entries: &[&[u8]]| entries.iter().map(|entry| entry.escape_ascii().to_string()).collect::<Vec<_>>();
    assert_eq!(daemon.text("stage"), "daemon");
    assert_eq!(text(&daemon.all("env")), text(expected), "as the program sees it");
    // Others see the memory: the kernel's idea of it begins with the zeroed stage, so that empty entries at the
    // beginning cannot be told from it.
    let begin = expected.iter().position(|entry| !entry.is_empty()).unwrap_or(expected.len());
    let seen = daemon.process().environment();
    let seen: Vec<_> = seen.iter().map(Vec::as_slice).collect();
    assert_eq!(text(&seen), text(&expected[begin..]), "as others see it");
}

/// Starts the witness with exactly this environment, which is to be the daemon's.
#[track_caller]
fn assert_kept(entries: &[&[u8]]) {
    let case = Case::new();
    let witness =
        case.program(program!("witness")).only_env(entries.iter().map(|entry| OsStr::from_bytes(entry)));
    assert_environment(&witness.daemon(), entries);
}

/// The same, with this entry between two others, and with surroundings that may lend it credibility.
#[track_caller]
fn assert_entry_kept(entry: &str, surroundings: impl for<'case> FnOnce(Launch<'case>) -> Launch<'case>) {
    let entries = [b"FIRST=1", entry.as_bytes(), b"LAST="];
    let case = Case::new();
    let witness = case.program(program!("witness")).only_env(entries.map(OsStr::from_bytes));
    assert_environment(&surroundings(witness).daemon(), &entries);
}

#[test]
fn environment_is_kept_byte_for_byte() {
    let tables: &[&[&[u8]]] = &[
        &[],
        &[b"A=1"],
        &[b"EMPTY="],
        &[b"TWICE=1", b"TWICE=2", b"TWICE=1"],
        &[b"\xff\xfe=\xfd", b"NAME=caf\xe9"],
        &[b"NO_EQUALS_SIGN", b"A=1"],
        &[b"=", b"=x", b"=x=y", b"A==B=C"],
        &[b""],
        &[b"", b"A=1", b"", b"B=2", b""],
        &[b"A=a\nb\tc\x01", b" B = b "],
        // Near, but other names.
        &[b"__GODAEMON_STAGE", b"__GODAEMON_STAGES=1", b"X__GODAEMON_STAGE=1", b"__godaemon_stage=1"],
    ];
    for entries in tables {
        assert_kept(entries);
    }
}

#[test]
fn large_environment_is_kept() {
    let entries: Vec<_> =
        (0..5000).map(|number| format!("NAME_{number}={}", "x".repeat(number % 300))).collect();
    assert_kept(&entries.iter().map(String::as_bytes).collect::<Vec<_>>());
}

#[test]
fn variable_that_looks_like_a_stage_is_the_users_own() {
    let values = [
        "",
        "0",
        "1",
        "2",
        "-1",
        "99999999999999999999999999",
        "daemon",
        "garbage \u{1F600}",
        "1:2:3:4:5",
        // Each well-formed but for one thing: stage, sign, width, digit, end.
        "0:0000004711:0000000007:0000000008:00000000feedbeef",
        "3:0000004711:0000000007:0000000008:00000000feedbeef",
        "1:-000004711:0000000007:0000000008:00000000feedbeef",
        "1:+000004711:0000000007:0000000008:00000000feedbeef",
        "1:9999999999:0000000007:0000000008:00000000feedbeef",
        "1:0000004711:4294967295:0000000008:00000000feedbeef",
        "1:4711:7:8:feedbeef",
        "1:0000004711:000000000x:0000000008:00000000feedbeef",
        "1:0000004711:0000000007:0000000008:00000000FEEDBEEF",
        "1:0000004711:0000000007:0000000008:00000000feedbee",
        "1:0000004711:0000000007:0000000008:00000000feedbeef0",
        "1:0000004711:0000000007:0000000008:00000000feedbeef:",
        "1:0000004711:0000000007:0000000008:00000000feedbeef\n",
        " 1:0000004711:0000000007:0000000008:00000000feedbeef",
    ];
    for value in values {
        assert_entry_kept(&format!("{STAGE}={value}"), |witness| witness);
    }
}

#[test]
fn variable_that_looks_like_a_stage_may_be_there_twice() {
    let [first, second] = [1, 2].map(|number| stage(number, STRANGER, 7));
    assert_kept(&[first.as_bytes(), second.as_bytes(), b"__GODAEMON_STAGE=", first.as_bytes()]);
}

#[test]
fn made_up_stage_is_the_users_own_whatever_its_descriptor_is() {
    let surroundings: &[&[&str]] = &[
        &[],
        &["open", "7", "/dev/null"],
        &["open", "7", "/"],
        &["open", "7", "file"],
        &["pipe", "7"],
        &["tcp", "7"],
        &["pair", "7", "stream", ""],
        &["pair", "7", "datagram", ""],
        &["pair", "7", "packets", ""],
        &["pair", "7", "stream", "another number"],
        &["pair", "7", "stream", "feedbeef"],
        &["pair", "7", "stream", "00000000feedbeef"],
        &["pair", "7", "datagram", "00000000feedbeef"],
        &["pair", "7", "packets", "00000000feedbeef"],
        // Only one end of it.
        &["pair", "7", "stream", "", "close", "8"],
        &["pair", "7", "packets", "00000000feedbeef", "close", "8"],
    ];
    for number in [1, 2] {
        for steps in surroundings {
            assert_entry_kept(&stage(number, STRANGER, 7), |witness| witness.first(*steps));
        }
        // Descriptors that everybody has, and one that nobody has.
        for channel in [0, 1, 2, i32::MAX - 1] {
            assert_entry_kept(&stage(number, STRANGER, channel), |witness| witness);
        }
    }
}

#[test]
fn made_up_stage_sends_nothing_to_the_callers_descriptor() {
    for number in [1, 2] {
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        assert_entry_kept(&stage(number, STRANGER, 7), |witness| {
            witness.stdin(theirs).first(["copy", "0", "7"])
        });
        let mut received = Vec::new();
        // To its end, that is: nobody holds the other one open either.
        ours.read_to_end(&mut received).unwrap();
        assert_eq!(received, b"");
    }
}

#[test]
fn copied_stage_is_the_users_own() {
    // The start that it belongs to has not ended yet.
    let case = Case::new();
    let parent = case.program(program!("puppet")).env("STOPS=body").spawn();
    let live = case.puppet();
    let first_child = Process(live.number("ppid"));
    let is_stage = |entry: &&Vec<u8>| entry.starts_with(STAGE.as_bytes());
    let copied = first_child.environment().iter().find(is_stage).cloned().unwrap();
    let copied = str::from_utf8(&copied).unwrap();
    assert_entry_kept(copied, |witness| witness);

    // And now it has.
    live.go();
    parent.wait().assert_success();
    assert_entry_kept(copied, |witness| witness);
}

/// Whatever this process is, it cannot be told; but it is told so, and nothing is started.
#[track_caller]
fn assert_cannot_tell(case: &Case, launch: Launch) {
    let outcome = launch.run();
    assert_eq!(outcome.status.code(), Some(71), "{outcome:?}");
    assert!(outcome.failure().starts_with("witness: "), "{outcome:?}");
    case.wait_until_empty();
}

#[test]
fn stage_of_the_own_parent_that_is_not_recognised_ends_with_71() {
    let me = process::id().cast_signed();
    let surroundings: &[&[&str]] = &[
        &[],
        &["open", "7", "/dev/null"],
        &["pipe", "7"],
        &["tcp", "7"],
        &["pair", "7", "stream", ""],
        &["pair", "7", "packets", "00000000feedbeef"],
    ];
    for number in [1, 2] {
        for steps in surroundings {
            let case = Case::new();
            assert_cannot_tell(
                &case,
                case.program(program!("witness")).env(stage(number, me, 7)).first(*steps),
            );
        }
    }
}

#[test]
fn stage_of_the_own_session_leader_that_is_not_recognised_ends_with_71() {
    let case = Case::new();
    let witness = case.program(program!("witness"));
    // The shell leads the session; in between is another, so that it is not the parent.
    let script = r#"export __GODAEMON_STAGE="$(printf 2:%010d:0000000007:0000000008:00000000feedbeef $$)"
        ("$0"; exit $?); exit $?"#;
    let shell = case.command("/bin/sh").first(["session"]).arg("-c").arg(script).arg(witness.path());
    assert_cannot_tell(&case, shell);
}

#[test]
fn children_of_the_daemon_find_no_stage() {
    let case = Case::new();
    let mut daemon = case.program(program!("witness")).daemon();
    daemon.do_and_report("helper", "sleep");
    let environment = case.process_named("sleep").environment();
    assert!(!environment.iter().any(|entry| entry.starts_with(STAGE.as_bytes())), "{environment:?}");
    assert!(environment.contains(&case.mark().into_bytes()));
}
