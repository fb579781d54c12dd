//! What is opened has the rights of whoever starts the daemon, and stays open for whom it becomes.

use std::{
    fs::{self, Permissions},
    io::Read,
    net::{TcpListener, TcpStream},
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::{Path, PathBuf},
    process,
    time::Duration,
};

use godaemon::PidFile;
use nix::sys::signal::Signal;
use support::{Case, Process};

use crate::{
    assert_is, by_hand, can_be_ordinary, can_change, changed,
    database::{ALICE, ALICES, ALL_OF_ALICE, WEB},
    finish,
};

/// A folder of root's, with what others may do in it.
fn folder(case: &Case, name: &str, mode: u32) -> PathBuf {
    let path = case.folder().join(name);
    fs::create_dir(&path).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    path
}

fn owner(path: &Path) -> (u32, u32, u32) {
    let file = fs::metadata(path).unwrap();
    (file.uid(), file.gid(), file.mode() & 0o7777)
}

#[test]
fn all_that_is_opened_is_opened_by_root() {
    if !can_change() {
        return;
    }
    let case = Case::new();
    let locked = folder(&case, "locked", 0o700);
    fs::write(locked.join("key"), "secret").unwrap();
    let args = ["--user", "alice", "--pid-file", "locked/pid", "--log", "locked/log", "--file", "locked/key"];
    let mut daemon = changed(&case, &args).daemon();
    assert_is(daemon.process(), ALICE, ALICES, &ALL_OF_ALICE);
    assert_eq!(daemon.text("text"), "secret");
    daemon.do_and_report("print", "hello");
    assert_eq!(fs::read_to_string(locked.join("log")).unwrap(), "hello\n");
    assert_eq!(fs::read_to_string(locked.join("pid")).unwrap(), format!("{}\n", daemon.process().0));
    // Nothing is left of what root needed for that: its standard streams, the other two files, and what it reports on.
    let open = daemon.process().descriptors();
    let targets: Vec<_> = open.values().map(|descriptor| &descriptor.target).collect();
    for (name, count) in [("log", 2), ("pid", 1), ("key", 1)] {
        let path = locked.join(name);
        assert_eq!(targets.iter().filter(|&&target| *target == path).count(), count, "{name}: {open:?}");
    }
    assert!(open[&0].is_null_device() && open.len() == 6, "{open:?}");
    assert!(open.iter().all(|(&number, descriptor)| number < 3 || descriptor.is_close_on_exec()), "{open:?}");
}

#[test]
fn all_that_is_opened_in_the_foreground_is_opened_by_root() {
    if !can_change() {
        return;
    }
    let case = Case::new();
    let locked = folder(&case, "locked", 0o700);
    fs::write(locked.join("key"), "secret").unwrap();
    let args = ["--foreground", "--user", "alice", "--pid-file", "locked/pid", "--file", "locked/key"];
    let program = changed(&case, &args).spawn();
    let body = case.puppet();
    assert_is(body.process(), ALICE, ALICES, &ALL_OF_ALICE);
    assert_eq!(body.text("text"), "secret");
    assert_eq!(fs::read_to_string(locked.join("pid")).unwrap(), format!("{}\n", program.process().0));
    body.go();
    program.wait().assert_success();
    assert_eq!(fs::read_to_string(locked.join("pid")).unwrap(), "");
}

#[test]
fn created_log_file_is_the_users_and_the_pid_file_is_roots() {
    if !can_change() {
        return;
    }
    let table: [(&[&str], _); 4] = [
        (&["--user", "alice"], (ALICE, ALICES)),
        (&["--user", "alice", "--group", "web"], (ALICE, WEB)),
        (&["--group", "web"], (0, WEB)),
        (&[], (0, 0)),
    ];
    for (who, (user, group)) in table {
        let case = Case::new();
        let args = [who, &["--pid-file", "pid", "--log", "log"]].concat();
        // Whatever the caller's umask.
        let _daemon = changed(&case, &args).first(["umask", "077"]).daemon();
        assert_eq!(owner(&case.folder().join("log")), (user, group, 0o640), "{who:?}");
        assert_eq!(owner(&case.folder().join("pid")), (0, 0, 0o644), "{who:?}");
    }
}

#[test]
fn log_file_that_was_there_keeps_its_owner() {
    if !can_change() {
        return;
    }
    let case = Case::new();
    let log = case.folder().join("log");
    fs::write(&log, "before\n").unwrap();
    fs::set_permissions(&log, Permissions::from_mode(0o600)).unwrap();
    let mut daemon = changed(&case, &["--user", "alice", "--log", "log"]).daemon();
    daemon.do_and_report("print", "hello");
    assert_eq!(fs::read_to_string(&log).unwrap(), "before\nhello\n");
    assert_eq!(owner(&log), (0, 0, 0o600));
}

#[test]
fn port_below_1024_stays_open() {
    if !can_change() {
        return;
    }
    // All of 127.0.0.0/8 is this machine: here nobody else listens.
    let [_, first, second, third] = process::id().to_be_bytes();
    let address = format!("127.{}.{second}.{third}:79", first | 0x80);
    let case = Case::new();
    let daemon = changed(&case, &["--user", "alice", "--listen", &address]).daemon();
    assert_is(daemon.process(), ALICE, ALICES, &ALL_OF_ALICE);
    daemon.go();
    let mut answer = String::new();
    TcpStream::connect(&address).unwrap().read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "hello");
    // Nor does it stay longer.
    case.wait_until_empty();
    TcpListener::bind(&address).unwrap();
}

#[test]
fn pid_file_is_emptied_where_the_user_may_not_delete_it() {
    if !can_change() {
        return;
    }
    let case = Case::new();
    let pid_file = folder(&case, "run", 0o755).join("pid");
    let start = || changed(&case, &["--user", "alice", "--pid-file", "run/pid"]).daemon();
    // The next start takes it.
    for _ in 0..2 {
        let daemon = start();
        assert_eq!(fs::read_to_string(&pid_file).unwrap(), format!("{}\n", daemon.process().0));
        finish(daemon);
        assert_eq!(fs::read_to_string(&pid_file).unwrap(), "");
        assert_eq!(owner(&pid_file), (0, 0, 0o644));
    }
}

#[test]
fn pid_file_is_removed_where_the_user_may_delete_it() {
    let case = Case::new();
    if !can_be_ordinary(&case) {
        return;
    }
    let run = folder(&case, "run", 0o755);
    chown(&run, Some(ALICE), Some(ALICES)).unwrap();
    let daemon = changed(&case, &["--user", "alice", "--pid-file", "run/pid"]).daemon();
    assert!(run.join("pid").exists());
    finish(daemon);
    assert_eq!(fs::read_dir(run).unwrap().count(), 0);
}

#[test]
fn pid_file_of_root_is_the_daemons_while_it_runs() {
    if !can_change() {
        return;
    }
    let case = Case::new();
    let start = || changed(&case, &["--user", "alice", "--pid-file", "pid"]);
    let daemon = start().daemon();
    let pid = daemon.process().0;
    let outcome = start().run();
    let line = format!("changed: already running: process {pid} holds pid");
    assert_eq!((outcome.failure(), outcome.status.code()), (line.as_str(), Some(69)));
    assert_eq!(case.processes(), [Process(pid)]);
}

#[test]
fn daemon_that_is_somebody_else_is_found_and_stopped_by_its_pid_file() {
    if !can_change() {
        return;
    }
    let case = Case::new();
    let daemon = changed(&case, &["--user", "alice", "--pid-file", "pid"]).daemon();
    let pid_file = PidFile::new(case.folder().join("pid"));
    assert_eq!(pid_file.running().unwrap(), Some(daemon.process().0.cast_unsigned()));
    pid_file.stop(Duration::from_secs(30)).unwrap();
    assert!(!daemon.process().is_alive());
    assert_eq!(pid_file.running().unwrap(), None);
}

#[test]
fn start_that_fails_after_the_change_leaves_no_process_and_no_pid_file() {
    if !can_change() {
        return;
    }
    let case = Case::new();
    // There only root may delete.
    let parent = by_hand(&case, "fails", "alice").spawn();
    let daemon = case.puppet();
    assert_is(daemon.process(), ALICE, ALICES, &ALL_OF_ALICE);
    assert!(case.folder().join("pid").exists());
    daemon.go();
    let outcome = parent.wait();
    assert_eq!(String::from_utf8_lossy(&outcome.stdout), "Failed, daemon, 1\n", "{outcome:?}");
    case.wait_until_empty();
    assert!(!case.folder().join("pid").exists());
}

#[test]
fn start_that_fails_leaves_the_pid_file_to_the_instance_that_has_begun_meanwhile() {
    if !can_change() {
        return;
    }
    let case = Case::new();
    let parent = by_hand(&case, "fails", "alice").spawn();
    let failing = case.puppet();
    // It does not see that its daemon ends, which gives the pid file up, and may not remove it.
    parent.process().stop();
    let process = failing.process();
    failing.go();
    process.wait_until_dead();
    let next = changed(&case, &["--user", "alice", "--pid-file", "pid"]).daemon();
    parent.process().signal(Signal::SIGCONT);
    let outcome = parent.wait();
    assert_eq!(String::from_utf8_lossy(&outcome.stdout), "Failed, daemon, 1\n", "{outcome:?}");
    let pid_file = case.folder().join("pid");
    assert_eq!(fs::read_to_string(&pid_file).unwrap(), format!("{}\n", next.process().0));
    assert_eq!(PidFile::new(pid_file).running().unwrap(), Some(next.process().0.cast_unsigned()));
}

#[test]
fn end_of_the_parent_ends_a_daemon_that_is_somebody_else() {
    if !can_change() {
        return;
    }
    for signal in [Signal::SIGTERM, Signal::SIGKILL] {
        let case = Case::new();
        let parent = by_hand(&case, "fails", "alice").spawn();
        let daemon = case.puppet();
        assert_is(daemon.process(), ALICE, ALICES, &ALL_OF_ALICE);
        parent.process().signal(signal);
        parent.wait().assert_killed(signal);
        case.wait_until_empty();
    }
}
