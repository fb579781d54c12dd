//! Privileges: a program whose file gives it some refuses to become a daemon, for its copies would get them again, and
//! believes nobody that it is a copy. It can still run in the foreground.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    fs,
    io::{ErrorKind, Read, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{self, Command},
};

use nix::sys::statvfs::{FsFlags, statvfs};
use support::{
    Case, Launch, NOBODY, Outcome, Process,
    forgery::{STRANGER, hello, stage},
    program, skip,
};

/// What a file gives to whoever runs it.
#[derive(Clone, Copy, Debug)]
enum Gift {
    User,
    Group,
    Capability,
}

const GIFTS: [Gift; 3] = [Gift::User, Gift::Group, Gift::Capability];

/// One of the first 32 capabilities, and a harmless one.
const NET_BIND_SERVICE: &str = "10";

/// Whether files can give privileges here. Says so if not.
fn can_give(case: &Case) -> bool {
    let missing = if !support::is_root() {
        Some("only root can give privileges to a file")
    } else if !case.is_open_to_all() {
        Some("another user cannot come to the programs")
    } else if statvfs(case.folder()).unwrap().flags().contains(FsFlags::ST_NOSUID) {
        Some("files of this file system give no privileges")
    } else if Process(process::id().cast_signed()).status("NoNewPrivs") != "0" {
        Some("this process gets no privileges from files")
    } else {
        None
    };
    missing.inspect(|why| skip(why)).is_none()
}

/// A copy of a program that gives privileges, for everybody to run.
fn gifted(case: &Case, program: &str, gift: Gift) -> PathBuf {
    let name = Path::new(program).file_name().unwrap();
    let path = case.folder().join(name);
    let mode = match gift {
        Gift::User => "4755",
        Gift::Group => "2755",
        Gift::Capability => "0755",
    };
    // By another process: written by this one it would be busy as long as any child of another test has not begun its
    // own program.
    let _ = fs::remove_file(&path);
    assert!(Command::new("install").args(["-m", mode]).arg(program).arg(&path).status().unwrap().success());
    path
}

/// The program as an ordinary user starts it.
fn by_ordinary_user<'case>(case: &'case Case, program: &str, gift: Gift) -> Launch<'case> {
    let path = gifted(case, program, gift);
    let launch = case.command(&path);
    let launch = match gift {
        Gift::Capability => launch.first(["grant", path.to_str().unwrap(), NET_BIND_SERVICE]),
        Gift::User | Gift::Group => launch,
    };
    launch.unprivileged()
}

#[track_caller]
fn assert_refused(case: &Case, outcome: &Outcome, gift: Gift) {
    let line = outcome.failure();
    assert_eq!(outcome.status.code(), Some(77), "{gift:?}: {outcome:?}");
    assert!(line.starts_with("witness: ") && line.contains("run it in the foreground"), "{gift:?}: {line}");
    assert_eq!(outcome.stdout, b"");
    case.wait_until_empty();
}

#[test]
fn program_whose_file_gives_privileges_refuses_with_77() {
    for gift in GIFTS {
        let case = Case::new();
        if !can_give(&case) {
            return;
        }
        let outcome = by_ordinary_user(&case, program!("witness"), gift).run();
        assert_refused(&case, &outcome, gift);
    }
}

#[test]
fn program_whose_file_gives_privileges_runs_in_the_foreground() {
    for gift in GIFTS {
        let case = Case::new();
        if !can_give(&case) {
            return;
        }
        let program = by_ordinary_user(&case, program!("dressed"), gift).arg("--foreground").spawn();
        let body = case.puppet();
        assert_eq!(body.process(), program.process(), "{gift:?}");
        assert_eq!(body.text("stage"), "parent");
        let process = body.process();
        let [users, groups] = ["Uid", "Gid"].map(|key| process.status(key));
        let capabilities = process.status("CapPrm");
        // Real, effective, saved, file system: the file did give what this test is about.
        match gift {
            Gift::User => assert_eq!(users, format!("{NOBODY}\t0\t0\t0")),
            Gift::Group => assert_eq!(groups, format!("{NOBODY}\t0\t0\t0")),
            Gift::Capability => assert_eq!(capabilities, "0000000000000400"),
        }
        body.go();
        program.wait().assert_success();
    }
}

#[test]
fn forged_stage_is_not_believed_by_a_program_whose_file_gives_privileges() {
    // Each channel is alive, has another end, and the right number waits in it.
    let me = process::id().cast_signed();
    for gift in GIFTS {
        for (number, maker) in [(1, STRANGER), (2, STRANGER), (1, me), (2, me)] {
            let case = Case::new();
            if !can_give(&case) {
                return;
            }
            let witness = by_ordinary_user(&case, program!("witness"), gift).first(["channel", "20"]);
            let outcome = witness.env(stage(number, maker, 20)).run();
            assert_refused(&case, &outcome, gift);
        }
    }
}

#[test]
fn forged_stage_of_the_same_user_is_not_believed_by_a_set_user_id_program() {
    // Made by root, as which the program runs: this is what the kernel says of the other end.
    let me = process::id().cast_signed();
    for (number, maker) in [(1, STRANGER), (2, STRANGER), (1, me), (2, me)] {
        let case = Case::new();
        if !can_give(&case) {
            return;
        }
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        ours.write_all(&hello()).unwrap();
        let steps = ["copy", "0", "20", "open", "0", "/dev/null", "open", "21", "/dev/null"];
        let witness = by_ordinary_user(&case, program!("witness"), Gift::User).first(steps);
        let outcome = witness.stdin(theirs).env(stage(number, maker, 20)).run();
        assert_refused(&case, &outcome, Gift::User);
        // Nobody holds the other end any more, and nothing was taken out of it or said.
        let end = ours.read(&mut [0]);
        assert_eq!(end.unwrap_err().kind(), ErrorKind::ConnectionReset);
    }
}

/// Becomes somebody else by hand, and is refused.
#[track_caller]
fn assert_refused_by_hand(case: &Case, launch: Launch<'_>) {
    let outcome = launch.run();
    outcome.assert_success();
    assert_eq!(String::from_utf8_lossy(&outcome.stdout), "Privileged, parent, 77\n");
    case.wait_until_empty();
}

#[test]
fn privileges_that_were_given_up_before_the_start_are_refused_too() {
    let case = Case::new();
    if can_give(&case) {
        let program = by_ordinary_user(&case, program!("privileged"), Gift::User).arg("real-user");
        assert_refused_by_hand(&case, program);
    }
}

#[test]
fn process_that_acts_for_another_user_or_group_is_refused() {
    if !support::is_root() {
        return skip("only root can act for another user");
    }
    for who in ["effective-user", "effective-group"] {
        let case = Case::new();
        assert_refused_by_hand(&case, case.program(program!("privileged")).arg(who));
    }
}

#[test]
fn ambient_capabilities_are_no_privileges_of_the_file() {
    if !support::is_root() {
        return skip("only root has capabilities to hand on");
    }
    let case = Case::new();
    if !case.is_open_to_all() {
        return skip("another user cannot come to the programs");
    }
    let user = NOBODY.to_string();
    let witness = case.program(program!("witness")).first(["user-with", &user, NET_BIND_SERVICE]);
    let daemon = witness.daemon();
    assert_eq!(daemon.text("stage"), "daemon");
    assert_eq!(daemon.process().status("Uid").split_whitespace().next(), Some(user.as_str()));
    assert_eq!(daemon.process().status("CapAmb"), "0000000000000400");
}
