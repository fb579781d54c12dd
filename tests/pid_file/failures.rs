//! A start that fails leaves no pid file that was not there, and never a lock.

use std::{fs, path::Path};

use nix::sys::signal::Signal;
use support::{Case, NOBODY, Process, skip};

use crate::{
    assert_free, assert_holds, folder_for_all, has_ordinary_user, keeper, pid_path, set_mode, start, started,
    stopped_at, write,
};

/// Points, orders there, and the status that comes of it.
const FAILURES: [(&str, &str, &str, i32); 10] = [
    ("files", "error", "no luck", 1),
    ("files", "panic", "the sky fell", 101),
    ("files", "exit", "3", 3),
    ("body", "error", "no luck", 1),
    ("body", "panic", "the sky fell", 70),
    ("body", "exit", "3", 3),
    ("body", "exit", "0", 0),
    ("body", "raise", "9", 137),
    ("body", "raise", "15", 143),
    ("body", "raise", "11", 139),
];

/// Begins a start, up to a point, and lets it fail there.
#[track_caller]
fn fail(case: &Case, path: &Path, (point, order, what, status): (&str, &str, &str, i32)) {
    let (parent, stopped) = stopped_at(case, path, point);
    assert!(path.exists());
    stopped.order(order, what);
    let outcome = parent.wait();
    assert_eq!(outcome.status.code(), Some(status), "{point} {order} {what}: {outcome:?}");
    assert_eq!(outcome.stdout, b"", "it says that a daemon is up");
    assert_gone_or_free(case, path, &format!("{point} {order} {what}"));
}

/// Nothing may be left when the parent has said that the start failed.
#[track_caller]
fn assert_gone_or_free(case: &Case, path: &Path, what: &str) {
    let left = fs::read(path).ok();
    assert!(left.as_ref().is_none_or(Vec::is_empty), "{what}: {left:?}");
    case.wait_until_empty();
    assert_free(path);
}

#[test]
fn failed_start_leaves_no_file() {
    for failure in FAILURES {
        let case = Case::new();
        let path = pid_path(&case);
        fail(&case, &path, failure);
        assert!(!path.exists(), "{failure:?}");
        assert_holds(&path, start(&case, &path));
    }
}

#[test]
fn failed_start_leaves_no_number_in_a_file_that_was_there() {
    for failure in FAILURES {
        let case = Case::new();
        let path = pid_path(&case);
        write(&path, "2147483647\n");
        fail(&case, &path, failure);
        assert_holds(&path, start(&case, &path));
    }
}

#[test]
fn failed_start_empties_a_file_that_may_not_be_removed() {
    let case = Case::new();
    if !has_ordinary_user(&case) {
        return;
    }
    let folder = folder_for_all(&case);
    let path = folder.join("pid");
    for failure @ (point, order, what, _) in FAILURES {
        let parent = keeper(&case, &path).env(format!("STOPS={point}")).unprivileged().spawn();
        let stopped = case.puppet();
        set_mode(&folder, 0o555);
        stopped.order(order, what);
        parent.wait();
        assert_gone_or_free(&case, &path, &format!("{failure:?}"));
        assert!(path.exists());
        set_mode(&folder, 0o777);
    }
}

#[test]
fn start_that_takes_too_long_leaves_no_file() {
    let case = Case::new();
    let path = pid_path(&case);
    let parent = keeper(&case, &path).env("STOPS=body").env("LIMIT=1000").spawn();
    let _stopped = case.puppet();
    let outcome = parent.wait();
    assert_eq!(outcome.status.code(), Some(75), "{outcome:?}");
    assert!(!path.exists());
    case.wait_until_empty();
    assert_holds(&path, start(&case, &path));
}

#[test]
fn start_whose_first_child_is_killed_leaves_no_file() {
    let case = Case::new();
    let path = pid_path(&case);
    let (parent, stopped) = stopped_at(&case, &path, "body");
    Process(stopped.number("ppid")).signal(Signal::SIGKILL);
    assert_eq!(parent.wait().status.code(), Some(71));
    assert!(!path.exists());
    case.wait_until_empty();
    assert_holds(&path, start(&case, &path));
}

#[test]
fn start_that_cannot_begin_leaves_no_file() {
    // More arguments than one more program may be given.
    let case = Case::new();
    let path = pid_path(&case);
    // By a short path, for it takes room, too: more than the one that the copy is started by, if it were long.
    let outcome = keeper(&case, &path).by("./keeper").first(["fill"]).run();
    assert_eq!(outcome.status.code(), Some(71), "{outcome:?}");
    assert!(!path.exists());
    case.wait_until_empty();
    assert_holds(&path, start(&case, &path));
}

#[test]
fn start_that_is_interrupted_leaves_no_lock() {
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGKILL] {
        for point in ["files", "body"] {
            let case = Case::new();
            let path = pid_path(&case);
            let (parent, stopped) = stopped_at(&case, &path, point);
            parent.process().signal(signal);
            parent.wait().assert_killed(signal);
            if point == "body" {
                // Both have the lock, as long as they have not come to their end.
                stopped.process().wait_until_dead();
                Process(stopped.number("ppid")).wait_until_dead();
            }
            // The file may stay. It counts for nothing.
            assert_free(&path);
            assert_holds(&path, start(&case, &path));
        }
    }
}

#[test]
fn failed_start_takes_nothing_from_the_next_one() {
    let case = Case::new();
    if !has_ordinary_user(&case) {
        return;
    }
    // The file stays the same one, and the daemon has ended when its parent has not noticed that yet.
    let folder = folder_for_all(&case);
    let path = folder.join("pid");
    let parent = keeper(&case, &path).env("STOPS=body").unprivileged().spawn();
    let stopped = case.puppet();
    set_mode(&folder, 0o555);
    parent.process().stop();
    let daemon = stopped.process();
    stopped.order("exit", "3");
    daemon.wait_until_dead();
    // Either of the two is right: it has to wait for the first start to be over, or that one is already.
    let next = keeper(&case, &path).unprivileged().run();
    parent.process().signal(Signal::SIGCONT);
    assert_eq!(parent.wait().status.code(), Some(3));
    if next.status.success() {
        assert_holds(&path, started(&next));
    } else {
        assert_eq!(next.status.code(), Some(69), "{next:?}");
        assert_free(&path);
    }
    set_mode(&folder, 0o777);
}

#[test]
fn failed_start_of_another_users_daemon_takes_nothing_from_the_next_one() {
    if !support::is_root() {
        return skip("only root can become another user");
    }
    let case = Case::new();
    if !has_ordinary_user(&case) {
        return;
    }
    // The daemon may not remove the file, its parent may: it has to see whose the file is by now.
    let path = pid_path(&case);
    let parent = keeper(&case, &path).env(format!("AS={NOBODY}")).env("STOPS=body").spawn();
    let stopped = case.puppet();
    parent.process().stop();
    let daemon = stopped.process();
    stopped.order("exit", "3");
    daemon.wait_until_dead();
    let next = keeper(&case, &path).run();
    parent.process().signal(Signal::SIGCONT);
    assert_eq!(parent.wait().status.code(), Some(3));
    if next.status.success() {
        assert_holds(&path, started(&next));
    } else {
        assert_eq!(next.status.code(), Some(69), "{next:?}");
        assert!(!path.exists());
    }
}

#[test]
fn loser_of_two_starts_takes_nothing_away() {
    let case = Case::new();
    let path = pid_path(&case);
    let daemon = start(&case, &path);
    for launch in [keeper(&case, &path), keeper(&case, &path).env("FOREGROUND=")] {
        assert_eq!(launch.run().status.code(), Some(69));
        assert_holds(&path, daemon);
    }
}

#[test]
fn body_that_fails_in_the_foreground_leaves_no_file() {
    for (order, what) in [("error", "no luck"), ("panic", "the sky fell"), ("exit", "3")] {
        let case = Case::new();
        let path = pid_path(&case);
        let program = keeper(&case, &path).env("FOREGROUND=").env("STOPS=body").spawn();
        let body = case.puppet();
        assert_holds(&path, body.process());
        body.order(order, what);
        assert!(!program.wait().status.success());
        assert!(!path.exists(), "{order}");
    }
}
