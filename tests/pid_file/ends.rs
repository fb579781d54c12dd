//! The end of a daemon: its file goes away, or is empty where it may not be removed; that of anybody else stays.

use std::{
    fs,
    os::unix::fs::{MetadataExt, symlink},
};

use nix::{
    sys::{signal::Signal, wait::WaitStatus},
    unistd::Pid,
};
use support::{Case, NOBODY, program, skip, wait_for_end, wait_until};

use crate::{
    assert_free, assert_holds, folder_for_all, has_ordinary_user, is_locked, keeper, kill, number_in,
    obeying, pid_path, set_mode, start, started, write,
};

/// An order at the point `up`, more of the environment, and the status that comes of it.
const ENDS: [(&str, &str, &str, i32); 7] = [
    ("go", "", "A=", 0),
    ("error", "no luck", "A=", 1),
    ("panic", "the sky fell", "A=", 101),
    ("exit", "0", "A=", 0),
    ("exit", "42", "A=", 42),
    ("exit", "42", "THREAD=", 42),
    ("go", "", "THREAD=", 0),
];

#[test]
fn every_end_of_its_own_removes_the_file() {
    for (order, what, entry, status) in ENDS {
        let case = Case::new();
        let path = pid_path(&case);
        let daemon = keeper(&case, &path).env("STOPS=up").env(entry).daemon();
        let process = daemon.process();
        assert_holds(&path, process);
        daemon.order(order, what);
        let end = wait_for_end(process.0);
        assert_eq!(end, WaitStatus::Exited(Pid::from_raw(process.0), status), "{order} {what} {entry}");
        assert!(!path.exists(), "{order} {what} {entry}");
        let names: Vec<_> =
            fs::read_dir(case.folder()).unwrap().map(|name| name.unwrap().file_name()).collect();
        assert_eq!(names, ["keeper"], "{order} {what} {entry}");
    }
}

#[test]
fn file_that_was_there_before_is_removed_as_well() {
    let case = Case::new();
    let path = pid_path(&case);
    write(&path, "2147483647\n");
    let daemon = obeying(&case, &path);
    let process = daemon.process();
    daemon.go();
    wait_for_end(process.0);
    assert!(!path.exists());
}

#[test]
fn file_that_may_not_be_removed_is_emptied() {
    let case = Case::new();
    if !has_ordinary_user(&case) {
        return;
    }
    for (order, what, entry, _) in ENDS {
        let folder = case.folder().join("for-all");
        let _ = fs::remove_dir_all(&folder);
        let path = folder_for_all(&case).join("pid");
        let daemon = keeper(&case, &path).env("STOPS=up").env(entry).unprivileged().daemon();
        let process = daemon.process();
        let inode = fs::metadata(&path).unwrap().ino();
        // As `/run` is for a daemon that has become another user.
        set_mode(&folder, 0o555);
        daemon.order(order, what);
        wait_for_end(process.0);
        assert_eq!(fs::read(&path).unwrap(), b"", "{order} {what} {entry}");
        assert_free(&path);
        // It still is as good as any.
        let next = keeper(&case, &path).env("STOPS=up").unprivileged().daemon();
        assert_holds(&path, next.process());
        assert_eq!(fs::metadata(&path).unwrap().ino(), inode);
        kill(next.process());
        set_mode(&folder, 0o777);
    }
}

#[test]
fn file_of_a_daemon_that_became_another_user_is_emptied() {
    if !support::is_root() {
        return skip("only root can become another user");
    }
    let case = Case::new();
    if !has_ordinary_user(&case) {
        return;
    }
    let path = pid_path(&case);
    for _ in 0..3 {
        let daemon = keeper(&case, &path).env(format!("AS={NOBODY}")).env("STOPS=up").daemon();
        let process = daemon.process();
        assert!(process.status("Uid").starts_with(&NOBODY.to_string()));
        assert_holds(&path, process);
        assert_eq!(fs::metadata(&path).unwrap().uid(), 0, "it was given away");
        daemon.go();
        wait_for_end(process.0);
        assert_eq!(fs::read(&path).unwrap(), b"");
        assert_free(&path);
    }
}

#[test]
fn killed_daemon_leaves_a_file_that_is_free() {
    for signal in [Signal::SIGKILL, Signal::SIGTERM, Signal::SIGSEGV, Signal::SIGABRT] {
        let case = Case::new();
        let path = pid_path(&case);
        let daemon = obeying(&case, &path);
        let process = daemon.process();
        daemon.order("raise", &(signal as i32).to_string());
        wait_for_end(process.0);
        assert_eq!(number_in(&path), process.0, "{signal}");
        assert_free(&path);
        assert_holds(&path, start(&case, &path));
    }
}

#[test]
fn file_that_somebody_put_in_its_place_stays() {
    for content in ["", "2147483647\n", "port = 80\n"] {
        let case = Case::new();
        let (path, new, moved) = (pid_path(&case), case.folder().join("new"), case.folder().join("moved"));
        let daemon = obeying(&case, &path);
        let process = daemon.process();
        fs::rename(&path, &moved).unwrap();
        write(&new, content);
        fs::rename(&new, &path).unwrap();
        let before = fs::metadata(&path).unwrap();
        daemon.go();
        wait_for_end(process.0);
        let after = fs::metadata(&path).unwrap();
        assert_eq!((after.ino(), after.modified().unwrap()), (before.ino(), before.modified().unwrap()));
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
        // Its own is empty, wherever it is now.
        assert_eq!(fs::read(&moved).unwrap(), b"");
        assert!(!is_locked(&moved));
    }
}

#[test]
fn link_that_somebody_put_in_its_place_stays() {
    let case = Case::new();
    let (path, moved) = (pid_path(&case), case.folder().join("moved"));
    let daemon = obeying(&case, &path);
    let process = daemon.process();
    fs::rename(&path, &moved).unwrap();
    symlink("moved", &path).unwrap();
    daemon.go();
    wait_for_end(process.0);
    assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
    assert!(moved.exists());
}

#[test]
fn missing_file_is_no_trouble_at_the_end() {
    for (order, what, entry, status) in ENDS {
        let case = Case::new();
        let path = pid_path(&case);
        let daemon = keeper(&case, &path).env("STOPS=up").env(entry).daemon();
        let process = daemon.process();
        fs::remove_file(&path).unwrap();
        daemon.order(order, what);
        assert_eq!(wait_for_end(process.0), WaitStatus::Exited(Pid::from_raw(process.0), status));
        assert!(!path.exists());
    }
}

#[test]
fn child_that_ends_by_exit_does_not_remove_the_file() {
    let case = Case::new();
    let path = pid_path(&case);
    // The child is gone when the daemon comes here.
    let daemon = keeper(&case, &path).env("STOPS=up").env("FORK=exits").daemon();
    let process = daemon.process();
    assert_holds(&path, process);
    crate::assert_already_running(&keeper(&case, &path).run(), &path, process);
    daemon.go();
    wait_for_end(process.0);
    assert!(!path.exists());
}

#[test]
fn forked_child_that_outlives_the_daemon_keeps_no_lock() {
    let case = Case::new();
    if !has_ordinary_user(&case) {
        return;
    }
    let folder = folder_for_all(&case);
    let path = folder.join("pid");
    // It runs no other program, so that nothing of it is closed. The file stays, so that the lock would be in the way.
    let daemon = keeper(&case, &path).env("STOPS=up").env("FORK=stays").unprivileged().daemon();
    let process = daemon.process();
    set_mode(&folder, 0o555);
    daemon.go();
    wait_for_end(process.0);
    assert_eq!(case.processes().len(), 1, "there is no child");
    assert_free(&path);
    assert_holds(&path, started(&keeper(&case, &path).unprivileged().run()));
    set_mode(&folder, 0o777);
}

#[test]
fn parent_and_first_child_remove_nothing() {
    // They end by `exit`, too; the first child perhaps after the parent.
    let case = Case::new();
    let path = pid_path(&case);
    for _ in 0..20 {
        let daemon = start(&case, &path);
        wait_until("the end of the start", || (case.processes() == [daemon]).then_some(()));
        assert_holds(&path, daemon);
        kill(daemon);
    }
}

#[test]
fn foreground_of_the_library_removes_its_file_as_well() {
    let case = Case::new();
    let path = pid_path(&case);
    let program = case.program(program!("steward")).arg("foreground").arg(&path).spawn();
    let body = case.puppet();
    // It can ask about itself, and loses nothing by that.
    assert_eq!(body.text("running"), format!("Some({})", body.process().0));
    assert_holds(&path, body.process());
    body.go();
    assert_eq!(program.wait().status.code(), Some(3));
    assert!(!path.exists());
}
