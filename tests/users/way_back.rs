//! There is no way back, and no daemon that only believes that it is somebody else.

use libc::c_long;
use std::fs;

use support::{Case, Launch};

use crate::{
    assert_is, by_hand, can_change, changed,
    database::{ALICE, ALICES, ALL_OF_ALICE, UNKNOWN, WEB},
};

/// What the kernel knows a change by: whichever the library calls, it is among them.
const GROUPS: &[c_long] = &[libc::SYS_setgroups];
const GROUP: &[c_long] = &[libc::SYS_setgid, libc::SYS_setregid, libc::SYS_setresgid];
const USER: &[c_long] = &[libc::SYS_setuid, libc::SYS_setreuid, libc::SYS_setresuid];

/// From here on these system calls do nothing, and answer with this error; with 0 as if they had done it.
fn answering<'case>(launch: Launch<'case>, calls: &[c_long], error: i32) -> Launch<'case> {
    calls.iter().fold(launch, |launch, call| launch.first(["refuse", &call.to_string(), &error.to_string()]))
}

#[test]
fn daemon_cannot_become_root_again() {
    if !can_change() {
        return;
    }
    let unknown = UNKNOWN.to_string();
    let table: [(&[&str], _, _, &[u32]); 3] = [
        (&["--user", "alice"], ALICE, ALICES, &ALL_OF_ALICE),
        (&["--user", "alice", "--group", "web"], ALICE, WEB, &ALL_OF_ALICE[1..]),
        (&["--user", &unknown, "--group", "web"], UNKNOWN, WEB, &[WEB]),
    ];
    for (who, user, group, groups) in table {
        let case = Case::new();
        let daemon =
            changed(&case, &[who, &["--come-back", "0"]].concat()).first(["groups", "0,24"]).daemon();
        assert_eq!(daemon.text("came_back"), "");
        assert_is(daemon.process(), user, group, groups);
    }
}

#[test]
fn process_in_the_foreground_cannot_become_root_again() {
    if !can_change() {
        return;
    }
    let case = Case::new();
    let program = changed(&case, &["--foreground", "--user", "alice", "--come-back", "0"]).spawn();
    let body = case.puppet();
    assert_eq!(body.text("came_back"), "");
    assert_is(body.process(), ALICE, ALICES, &ALL_OF_ALICE);
    body.go();
    program.wait().assert_success();
}

#[test]
fn root_could_come_back_if_it_had_not_gone() {
    if !can_change() {
        return;
    }
    // Or else the tests above would prove nothing.
    let case = Case::new();
    let daemon = changed(&case, &["--come-back", "0"]).daemon();
    let all = "setgroups setgid setegid setresgid setuid seteuid setresuid";
    assert_eq!(daemon.text("came_back"), all);
}

#[test]
fn change_that_is_refused_is_told_by_the_daemon() {
    if !can_change() {
        return;
    }
    for calls in [GROUPS, GROUP, USER] {
        let case = Case::new();
        let args = ["--user", "alice", "--pid-file", "pid", "--file", "file"];
        let outcome = answering(changed(&case, &args), calls, libc::EPERM).run();
        let line = "changed: daemon: cannot become user alice: Operation not permitted (os error 1)";
        assert_eq!((outcome.failure(), outcome.status.code()), (line, Some(77)), "{calls:?}");
        case.wait_until_empty();
        // What the program itself made stays.
        let left = ["pid", "file"].map(|name| case.folder().join(name).exists());
        assert_eq!(left, [false, true], "{calls:?}");
    }
}

#[test]
fn change_that_fails_otherwise_is_told_by_the_daemon() {
    if !can_change() {
        return;
    }
    let case = Case::new();
    let outcome = answering(changed(&case, &["--user", "alice"]), USER, libc::EAGAIN).run();
    let line = "changed: daemon: cannot become user alice: Resource temporarily unavailable (os error 11)";
    assert_eq!((outcome.failure(), outcome.status.code()), (line, Some(71)));
    case.wait_until_empty();
}

#[test]
fn nothing_is_changed_where_all_is_as_wanted() {
    if !can_change() {
        return;
    }
    for args in [&["--user", "root"][..], &["--group", "root"], &["--user", "0", "--group", "0"]] {
        let case = Case::new();
        let launch = changed(&case, args).first(["groups", "0"]);
        // Or else this would be refused.
        let launch =
            [GROUPS, GROUP, USER].iter().fold(launch, |launch, calls| answering(launch, calls, libc::EPERM));
        assert_is(launch.daemon().process(), 0, 0, &[0]);
    }
}

#[test]
fn change_that_only_seems_to_happen_is_a_failed_start() {
    if !can_change() {
        return;
    }
    for calls in [GROUPS, GROUP, USER] {
        for who in [&["--user", "alice"][..], &["--user", "alice", "--group", "web"]] {
            let case = Case::new();
            let launch = changed(&case, &[who, &["--pid-file", "pid"]].concat()).first(["groups", "24,25"]);
            let outcome = answering(launch, calls, 0).run();
            let line = outcome.failure();
            assert!(line.starts_with("changed: daemon: cannot become user alice"), "{calls:?}: {line}");
            case.wait_until_empty();
            assert!(!case.folder().join("pid").exists(), "{calls:?}");
        }
    }
}

#[test]
fn change_of_the_group_that_only_seems_to_happen_is_a_failed_start() {
    if !can_change() {
        return;
    }
    for calls in [GROUPS, GROUP] {
        let case = Case::new();
        let launch = changed(&case, &["--group", "web"]).first(["groups", "24,25"]);
        let outcome = answering(launch, calls, 0).run();
        let line = outcome.failure();
        assert!(line.starts_with("changed: daemon: cannot become group web"), "{calls:?}: {line}");
        case.wait_until_empty();
    }
}

#[test]
fn change_that_only_seems_to_happen_fails_in_the_foreground_too() {
    if !can_change() {
        return;
    }
    for calls in [GROUPS, GROUP, USER] {
        let case = Case::new();
        let launch = changed(&case, &["--foreground", "--user", "alice", "--pid-file", "pid"]);
        let outcome = answering(launch.first(["groups", "24,25"]), calls, 0).run();
        let line = outcome.failure();
        assert!(line.starts_with("changed: cannot become user alice"), "{calls:?}: {line}");
        // Who has become half of alice by then may not remove it.
        assert_eq!(fs::read(case.folder().join("pid")).unwrap_or_default(), b"", "{calls:?}");
    }
}

#[test]
fn capabilities_that_outlive_a_change_of_the_user_are_no_way_back() {
    /// Who is no longer root keeps its capabilities, as some service managers and containers want it.
    const NO_SETUID_FIXUP: &str = "4";
    if !can_change() {
        return;
    }
    let case = Case::new();
    let launch =
        changed(&case, &["--user", "alice", "--come-back", "0"]).first(["securebits", NO_SETUID_FIXUP]);
    let outcome = launch.run();
    if outcome.status.success() {
        let daemon = case.puppet();
        assert_eq!(daemon.text("came_back"), "");
        assert_is(daemon.process(), ALICE, ALICES, &ALL_OF_ALICE);
    } else {
        assert!(outcome.failure().starts_with("changed: daemon: cannot become user alice"), "{outcome:?}");
        case.wait_until_empty();
    }
}

#[test]
fn capabilities_that_the_program_keeps_are_a_way_back() {
    if !can_change() {
        return;
    }
    let case = Case::new();
    let outcome = by_hand(&case, "capable", "alice").run();
    assert_eq!(String::from_utf8_lossy(&outcome.stdout), "System, daemon, 71\n", "{outcome:?}");
    let text = "daemon: cannot become user alice: it could become again what it was\n";
    assert_eq!(String::from_utf8_lossy(&outcome.stderr), text);
    case.wait_until_empty();
}
