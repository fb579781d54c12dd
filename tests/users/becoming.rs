//! Whom it becomes.

use std::{collections::BTreeSet, ffi::CString, fs, process};

use nix::unistd::{Gid, User, getgid, getgrouplist, getgroups, getuid};
use support::{Case, NOBODY, Process, program};

use crate::{
    assert_is, by_hand, can_be_ordinary, can_change, changed,
    database::{
        ALICE, ALICES, ALL_OF_ALICE, BOB, BOBS, CAROL, CAROLS, COUNT_OF_ERIN, CROWD, DIGITS, DIGITS_GROUP,
        DORA, DORAS, ERIN, ERINS, FIRST_OF_ERIN, GROUP_OF_DIGITS, UNKNOWN, UNKNOWN_GROUP, WEB,
    },
    finish, numbers,
};

/// Groups that somebody is in who has nothing to do with the daemon.
const CALLERS: &str = "24,25,40100,40999";

/// With these arguments it becomes this one, although its caller is in other groups.
#[track_caller]
fn assert_becomes(args: &[&str], user: u32, group: u32, groups: &[u32]) {
    let case = Case::new();
    let daemon = changed(&case, args).first(["groups", CALLERS]).daemon();
    assert_is(daemon.process(), user, group, groups);
}

// Users

#[test]
fn user_by_name_has_its_login_group_and_all_of_its_groups() {
    if can_change() {
        assert_becomes(&["--user", "alice"], ALICE, ALICES, &ALL_OF_ALICE);
    }
}

#[test]
fn user_by_number_is_the_same_as_by_name() {
    if can_change() {
        assert_becomes(&["--user", &ALICE.to_string()], ALICE, ALICES, &ALL_OF_ALICE);
    }
}

#[test]
fn user_in_no_other_group_keeps_none_of_the_callers() {
    if can_change() {
        assert_becomes(&["--user", "bob"], BOB, BOBS, &[BOBS]);
    }
}

#[test]
fn name_that_consists_of_digits_comes_before_the_number() {
    if can_change() {
        assert_becomes(&["--user", "4711"], DIGITS, DIGITS_GROUP, &[DIGITS_GROUP]);
    }
}

#[test]
fn number_is_no_name_that_consists_of_digits() {
    if can_change() {
        let case = Case::new();
        let daemon = by_hand(&case, "user-u32", "4711").daemon();
        assert_is(daemon.process(), CAROL, CAROLS, &[CAROLS, 40_701]);
    }
}

#[test]
fn user_with_a_very_long_entry_is_found() {
    if can_change() {
        assert_becomes(&["--user", "dora"], DORA, DORAS, &[DORAS]);
    }
}

#[test]
fn user_in_300_groups_has_all_of_them() {
    if can_change() {
        let mut all = vec![ERINS];
        all.extend(FIRST_OF_ERIN..FIRST_OF_ERIN + COUNT_OF_ERIN);
        assert_becomes(&["--user", "erin"], ERIN, ERINS, &all);
    }
}

#[test]
fn number_that_nobody_has_needs_a_group_and_is_in_no_other() {
    if can_change() {
        let unknown = UNKNOWN.to_string();
        assert_becomes(&["--user", &unknown, "--group", "web"], UNKNOWN, WEB, &[WEB]);
        let group = UNKNOWN_GROUP.to_string();
        assert_becomes(&["--user", &unknown, "--group", &group], UNKNOWN, UNKNOWN_GROUP, &[UNKNOWN_GROUP]);
    }
}

// Groups

#[test]
fn group_takes_the_place_of_the_login_group() {
    if can_change() {
        assert_becomes(&["--user", "alice", "--group", "web"], ALICE, WEB, &ALL_OF_ALICE[1..]);
        // One that she is not in otherwise.
        let groups = [&[BOBS], &ALL_OF_ALICE[1..]].concat();
        let bobs = BOBS.to_string();
        assert_becomes(&["--user", "alice", "--group", &bobs], ALICE, BOBS, &groups);
    }
}

#[test]
fn group_alone_leaves_the_user_and_is_the_only_one() {
    if can_change() {
        assert_becomes(&["--group", "web"], 0, WEB, &[WEB]);
        assert_becomes(&["--group", &UNKNOWN_GROUP.to_string()], 0, UNKNOWN_GROUP, &[UNKNOWN_GROUP]);
    }
}

#[test]
fn group_with_10000_members_is_found() {
    if can_change() {
        assert_becomes(&["--group", "crowd"], 0, CROWD, &[CROWD]);
        assert_becomes(&["--user", "bob", "--group", "crowd"], BOB, CROWD, &[CROWD]);
    }
}

#[test]
fn name_of_a_group_that_consists_of_digits_comes_before_the_number() {
    if can_change() {
        assert_becomes(&["--group", "4712"], 0, GROUP_OF_DIGITS, &[GROUP_OF_DIGITS]);
    }
}

#[test]
fn number_of_a_group_is_no_name_that_consists_of_digits() {
    if can_change() {
        let case = Case::new();
        assert_is(by_hand(&case, "group-u32", "4712").daemon().process(), 0, 4712, &[4712]);
    }
}

// Types

#[test]
fn user_comes_in_many_types() {
    if !can_change() {
        return;
    }
    let alice = ALICE.to_string();
    let table = [
        ("user-str", "alice"),
        ("user-string", "alice"),
        ("user-ref-string", "alice"),
        ("user-option-str", "alice"),
        ("user-option-string", "alice"),
        ("user-ref-option-string", "alice"),
        ("user-u32", alice.as_str()),
        ("user-option-u32", &alice),
        ("user-ref-option-u32", &alice),
    ];
    for (how, who) in table {
        let case = Case::new();
        assert_is(by_hand(&case, how, who).daemon().process(), ALICE, ALICES, &ALL_OF_ALICE);
    }
}

#[test]
fn group_comes_in_many_types() {
    if !can_change() {
        return;
    }
    let web = WEB.to_string();
    let table = [
        ("group-str", "web"),
        ("group-string", "web"),
        ("group-option-str", "web"),
        ("group-ref-option-string", "web"),
        ("group-u32", web.as_str()),
        ("group-option-u32", &web),
    ];
    for (how, who) in table {
        let case = Case::new();
        assert_is(by_hand(&case, how, who).daemon().process(), 0, WEB, &[WEB]);
    }
}

// What changes nothing

#[test]
fn no_user_and_no_group_change_nothing() {
    if !can_change() {
        return;
    }
    let case = Case::new();
    let daemon = changed(&case, &[]).first(["groups", "24,25", "group", "5"]).daemon();
    assert_is(daemon.process(), 0, 5, &[24, 25]);
    let case = Case::new();
    let daemon = by_hand(&case, "nobody", "-").first(["groups", "24,25", "group", "5"]).daemon();
    assert_is(daemon.process(), 0, 5, &[24, 25]);
}

#[test]
fn root_who_is_root_already_changes_nothing() {
    if !can_change() {
        return;
    }
    let own = Process(process::id().cast_signed());
    for who in ["root", "0"] {
        let case = Case::new();
        let daemon = changed(&case, &["--user", who]).first(["groups", "0"]).daemon().process();
        assert_is(daemon, 0, 0, &[0]);
        assert_eq!(daemon.status("CapEff"), own.status("CapEff"));
    }
}

#[test]
fn root_who_is_root_already_leaves_the_callers_groups() {
    if can_change() {
        assert_becomes(&["--user", "root"], 0, 0, &[0]);
    }
}

#[test]
fn ordinary_user_may_be_itself() {
    let case = Case::new();
    if !can_be_ordinary(&case) {
        return;
    }
    let me = NOBODY.to_string();
    let args: [&[&str]; 5] = [
        &["--user", "nobody"],
        &["--user", &me],
        &["--group", "nogroup"],
        &["--group", &me],
        &["--user", "nobody", "--group", "nogroup"],
    ];
    for args in args {
        let case = Case::new();
        // As after a login: the group of the login is among the others, too.
        let daemon = changed(&case, args).first(["user-in", &me, &me]).daemon();
        assert_is(daemon.process(), NOBODY, NOBODY, &[NOBODY]);
    }
}

#[test]
fn ordinary_user_without_any_supplementary_group_may_be_itself() {
    let case = Case::new();
    if !can_be_ordinary(&case) {
        return;
    }
    for args in [["--user", "nobody"], ["--group", "nogroup"]] {
        let case = Case::new();
        // As in many a container. The group is the process's own anyway: nothing is missing.
        let daemon = changed(&case, &args).unprivileged().daemon();
        assert_is(daemon.process(), NOBODY, NOBODY, &[]);
    }
}

#[test]
fn whoever_starts_the_tests_may_be_itself() {
    let case = Case::new();
    let Some(user) = User::from_uid(getuid()).unwrap() else {
        return support::skip("this user is in no database");
    };
    let name = CString::new(user.name.as_str()).unwrap();
    let but_own = |groups: Vec<Gid>| -> BTreeSet<u32> {
        groups.into_iter().filter(|&group| group != getgid()).map(Gid::as_raw).collect()
    };
    if user.gid != getgid()
        || but_own(getgrouplist(&name, user.gid).unwrap()) != but_own(getgroups().unwrap())
    {
        return support::skip("this user has other groups than the database says");
    }
    let before = Process(process::id().cast_signed());
    for who in [user.name, user.uid.to_string()] {
        let daemon = case.program(program!("changed")).arg("--user").arg(who).daemon();
        let process = daemon.process();
        for key in ["Uid", "Gid", "Groups", "CapEff"] {
            assert_eq!(process.status(key), before.status(key), "{key}");
        }
        finish(daemon);
    }
}

// Where and when

#[test]
fn process_in_the_foreground_becomes_the_user_itself() {
    if !can_change() {
        return;
    }
    let case = Case::new();
    let program = changed(&case, &["--foreground", "--user", "alice"]).first(["groups", CALLERS]).spawn();
    let body = case.puppet();
    assert_eq!(body.process(), program.process());
    assert_is(body.process(), ALICE, ALICES, &ALL_OF_ALICE);
    body.go();
    program.wait().assert_success();
}

#[test]
fn threads_that_are_older_become_the_user_too() {
    if !can_change() {
        return;
    }
    let case = Case::new();
    // Libc tells the threads by a signal, which whoever starts the program may have blocked.
    let daemon =
        by_hand(&case, "threads", "alice").first(["groups", CALLERS, "block", "32", "block", "33"]).daemon();
    let threads = fs::read_dir(format!("/proc/{}/task", daemon.process().0)).unwrap();
    let mut count = 0;
    for thread in threads {
        let number = thread.unwrap().file_name().to_str().unwrap().parse().unwrap();
        assert_is(Process(number), ALICE, ALICES, &ALL_OF_ALICE);
        count += 1;
    }
    assert_eq!(count, 51);
}

#[test]
fn name_of_the_process_is_right_on_whichever_thread_it_changes() {
    if !can_change() {
        return;
    }
    for (how, who) in [("user-str", "alice"), ("elsewhere", "alice")] {
        let case = Case::new();
        let daemon = by_hand(&case, how, who).daemon().process();
        assert_eq!(
            (daemon.name(), numbers(daemon, "Uid")),
            ("changed_by_hand".to_owned(), vec![ALICE; 4]),
            "{how}"
        );
    }
}

#[test]
fn nothing_is_left_of_roots_capabilities() {
    if !can_change() {
        return;
    }
    let case = Case::new();
    let daemon = changed(&case, &["--user", "alice"]).daemon().process();
    for key in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
        assert_eq!(daemon.status(key), "0000000000000000", "{key}");
    }
}
