//! Whom it cannot become: nothing was opened by then, and the terminal learns why.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    process::Command,
};

use support::{Case, Launch, NOBODY, program};

use crate::{
    assert_failed, by_hand, can_be_ordinary, can_change, changed,
    database::{ALICE, UNKNOWN, WEB},
};

const CAP_SETGID: &str = "6";
const CAP_SETUID: &str = "7";
const BOTH: &str = "6,7";

/// What a start would leave a trace of, in a folder where everybody may leave one.
const TRACES: [&str; 6] = ["--pid-file", "open/pid", "--log", "open/log", "--file", "open/file"];

/// A start that fails before anything is opened.
#[track_caller]
fn assert_refused_in(case: &Case, args: &[&str], surroundings: &[&str], line: &str, status: i32) {
    let open = case.folder().join("open");
    fs::create_dir(&open).unwrap();
    fs::set_permissions(&open, Permissions::from_mode(0o777)).unwrap();
    let launch = changed(case, &[args, &TRACES].concat());
    assert_failed(case, launch.first(surroundings), line, status);
    assert_eq!(fs::read_dir(open).unwrap().count(), 0, "{args:?} left something behind");
}

#[track_caller]
fn assert_refused(args: &[&str], line: &str, status: i32) {
    // In the foreground as well.
    for args in [args, &[args, &["--foreground"]].concat()] {
        assert_refused_in(&Case::new(), args, &[], line, status);
    }
}

// There is none

#[test]
fn traces_are_left_by_a_start_that_goes_well() {
    if !can_change() {
        return;
    }
    // Or else the other tests would look in vain.
    let case = Case::new();
    fs::create_dir(case.folder().join("open")).unwrap();
    let _daemon = changed(&case, &TRACES).daemon();
    assert_eq!(fs::read_dir(case.folder().join("open")).unwrap().count(), 3);
}

#[test]
fn unknown_user_is_refused_before_anything_is_opened() {
    if can_change() {
        assert_refused(&["--user", "mallory"], "changed: user: there is no user mallory", 67);
        // A group makes up for a number that is in no database, not for a name.
        let line = "changed: user: there is no user mallory";
        assert_refused(&["--user", "mallory", "--group", "web"], line, 67);
    }
}

#[test]
fn unknown_group_is_refused_before_anything_is_opened() {
    if can_change() {
        let line = "changed: group: there is no group mallory";
        assert_refused(&["--group", "mallory"], line, 67);
        assert_refused(&["--user", "alice", "--group", "mallory"], line, 67);
    }
}

#[test]
fn unknown_number_without_a_group_is_refused() {
    if can_change() {
        let line =
            format!("changed: user: {UNKNOWN} is not in the user database, so it needs the option group");
        assert_refused(&["--user", &UNKNOWN.to_string()], &line, 67);
    }
}

#[test]
fn what_only_looks_like_a_number_is_none() {
    if can_change() {
        for who in [" 40001", "40001 ", "-1", "0x0", "alice:web", "40001.40100"] {
            assert_refused(
                &["--user", who, "--group", "web"],
                &format!("changed: user: there is no user {who}"),
                67,
            );
            assert_refused(&["--group", who], &format!("changed: group: there is no group {who}"), 67);
        }
    }
}

#[test]
fn number_that_means_unchanged_to_the_system_is_refused() {
    if can_change() {
        // Taken as they are, or cut to 32 bits, they would leave root as it is, or make it of somebody else.
        for number in ["4294967295", "4294967296", "18446744073709551616"] {
            let line = "changed: user: the number is over 4294967294";
            assert_refused(&["--user", number, "--group", "web"], line, 64);
            let line = "changed: group: the number is over 4294967294";
            assert_refused(&["--user", "alice", "--group", number], line, 64);
        }
    }
}

/// A start by hand that fails: the kind of the error, its stage, its status; its text.
#[track_caller]
fn assert_error(how: &str, who: &str, expected: &str, text: &str) {
    let case = Case::new();
    let outcome = by_hand(&case, how, who).run();
    assert!(outcome.status.success(), "{outcome:?}");
    assert_eq!(String::from_utf8_lossy(&outcome.stdout), format!("{expected}\n"), "{outcome:?}");
    assert_eq!(String::from_utf8_lossy(&outcome.stderr), format!("{text}\n"));
    case.wait_until_empty();
}

#[test]
fn error_says_which_of_the_two_there_is_not() {
    if can_change() {
        assert_error("user-tried", "mallory", "NoSuchUser, parent, 67", "user: there is no user mallory");
        assert_error("group-tried", "mallory", "NoSuchGroup, parent, 67", "group: there is no group mallory");
    }
}

#[test]
fn zero_byte_in_a_name_is_an_error_by_hand() {
    if !can_change() {
        return;
    }
    let range = "OutOfRange, parent, 64";
    assert_error("zero-byte", "alice", range, "user: there is a zero byte in it");
    assert_error("zero-byte-in-group", "web", range, "group: there is a zero byte in it");
}

#[test]
fn number_that_means_unchanged_is_an_error_by_hand() {
    if can_change() {
        let range = "OutOfRange, parent, 64";
        assert_error("no-user", "web", range, "user: the number is over 4294967294");
        assert_error("no-group", "alice", range, "group: the number is over 4294967294");
    }
}

// It may not

#[test]
fn ordinary_user_may_not_become_another() {
    let case = Case::new();
    if !can_be_ordinary(&case) {
        return;
    }
    let alice = ALICE.to_string();
    let unknown = UNKNOWN.to_string();
    let table: [(&[&str], _); 8] = [
        (&["--user", "alice"], "user alice"),
        (&["--user", &alice], "user 40001"),
        (&["--user", "root"], "user root"),
        (&["--user", "0"], "user 0"),
        (&["--group", "web"], "group web"),
        (&["--group", "root"], "group root"),
        (&["--user", "nobody", "--group", "web"], "user nobody, group web"),
        (&["--user", &unknown, "--group", "web"], "user 40008, group web"),
    ];
    for (args, whom) in table {
        let line = format!("changed: only root may become {whom}");
        for args in [args, &[args, &["--foreground"]].concat()] {
            assert_refused_in(&Case::new(), args, &["user", &NOBODY.to_string()], &line, 77);
        }
    }
}

#[test]
fn ordinary_user_may_not_leave_the_groups_it_is_in() {
    let case = Case::new();
    if !can_be_ordinary(&case) {
        return;
    }
    let me = NOBODY.to_string();
    for (args, whom) in [(["--user", "nobody"], "user nobody"), (["--group", "nogroup"], "group nogroup")] {
        let line = format!("changed: only root may become {whom}");
        let case = Case::new();
        let groups = format!("{me},{WEB}");
        assert_refused_in(&case, &args, &["user-in", &me, &groups], &line, 77);
    }
}

#[test]
fn whoever_starts_the_tests_may_not_become_root() {
    if support::is_root() {
        return support::skip("root may");
    }
    let case = Case::new();
    let args = [["--user", "root"], ["--file", "file"], ["--pid-file", "pid"]].concat();
    let launch = args.iter().fold(case.program(program!("changed")), Launch::arg);
    assert_failed(&case, launch, "changed: only root may become user root", 77);
    assert!(!case.folder().join("file").exists() && !case.folder().join("pid").exists());
}

#[test]
fn user_with_half_of_the_privileges_may_not_become_another() {
    let case = Case::new();
    if !can_be_ordinary(&case) {
        return;
    }
    let me = NOBODY.to_string();
    for capability in [CAP_SETGID, CAP_SETUID] {
        let case = Case::new();
        let line = "changed: only root may become user alice";
        let steps = ["user-with", &me, capability];
        assert_refused_in(&case, &["--user", "alice"], &steps, line, 77);
    }
}

#[test]
fn user_with_both_privileges_who_would_keep_them_is_refused() {
    let case = Case::new();
    if !can_be_ordinary(&case) {
        return;
    }
    let launch = changed(&case, &["--user", "alice"]);
    let outcome = launch.first(["user-with", &NOBODY.to_string(), BOTH]).run();
    assert_eq!(outcome.failure(), "changed: only root may become user alice");
    assert_eq!(outcome.status.code(), Some(77));
    case.wait_until_empty();
}

#[test]
fn root_without_the_privileges_may_not_become_another() {
    if !can_change() {
        return;
    }
    let case = Case::new();
    // As in a container that gives none.
    let launch = changed(&case, &["--user", "alice"]);
    let path = launch.path().to_owned();
    let argv = ["setpriv", "--bounding-set", "-setuid,-setgid", path.to_str().unwrap()];
    let launch = launch.by("/usr/bin/setpriv").argv(argv.iter().copied().chain(["--user", "alice"]));
    let outcome = launch.run();
    assert!(outcome.failure().starts_with("changed: "), "{outcome:?}");
    assert!(outcome.failure().contains("become user alice"), "{outcome:?}");
    assert_eq!(outcome.status.code(), Some(77));
    case.wait_until_empty();
}

#[test]
fn root_of_a_user_namespace_may_not_become_another() {
    let case = Case::new();
    if !can_be_ordinary(&case) {
        return;
    }
    let allowed = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups", "unshare", "-Ur", "true"])
        .output();
    if !allowed.unwrap().status.success() {
        return support::skip("ordinary users have no namespaces of their own");
    }
    // It has all privileges there; but there is nobody else, and groups may not be changed.
    let launch = changed(&case, &["--user", "alice"]);
    let argv = ["unshare", "-Ur", launch.path().to_str().unwrap(), "--user", "alice"].map(str::to_owned);
    let outcome = launch.by("/usr/bin/unshare").argv(argv).unprivileged().run();
    let line = "changed: daemon: cannot become user alice: Operation not permitted (os error 1)";
    assert_eq!((outcome.failure(), outcome.status.code()), (line, Some(77)));
    case.wait_until_empty();
}
