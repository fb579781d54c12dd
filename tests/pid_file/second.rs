//! A second start: it is refused, it says by whom, and the first one does not notice.

use std::{
    fs::{self, File},
    io::Read,
    os::unix::net::UnixStream,
    path::Path,
    process,
    time::Duration,
};

use support::{Case, Launch, Process, wait_until};

use crate::{
    Lock, Stranger, assert_already_running, assert_free, assert_holds, assert_locked_out, keeper, kill,
    number_in, obeying, pid_path, start, started, stopped_at,
    traced::{Side, Traced},
    write,
};

#[test]
fn second_start_is_refused_with_69_and_names_the_daemon() {
    let case = Case::new();
    let path = pid_path(&case);
    let daemon = start(&case, &path);
    for _ in 0..5 {
        assert_already_running(&keeper(&case, &path).run(), &path, daemon);
        assert_holds(&path, daemon);
    }
    assert_eq!(case.processes(), [daemon]);
}

#[test]
fn second_start_changes_nothing_about_the_file() {
    let case = Case::new();
    let path = pid_path(&case);
    let daemon = start(&case, &path);
    let look = || {
        let file = fs::metadata(&path).unwrap();
        (fs::read(&path).unwrap(), file.modified().unwrap(), file.permissions())
    };
    let before = look();
    assert_already_running(&keeper(&case, &path).run(), &path, daemon);
    assert_eq!(look(), before);
}

#[test]
fn start_that_has_not_come_to_its_daemon_is_named_by_its_parent() {
    let case = Case::new();
    let path = pid_path(&case);
    let (parent, stopped) = stopped_at(&case, &path, "files,up");
    assert_already_running(&keeper(&case, &path).run(), &path, parent.process());
    assert_eq!(number_in(&path), parent.process().0);
    stopped.go();
    parent.wait();
    let daemon = case.puppet();
    assert_holds(&path, daemon.process());
}

#[test]
fn daemon_that_is_not_ready_is_named_already() {
    let case = Case::new();
    let path = pid_path(&case);
    let (parent, stopped) = stopped_at(&case, &path, "body,up");
    let daemon = stopped.process();
    assert_holds(&path, daemon);
    assert_already_running(&keeper(&case, &path).run(), &path, daemon);
    stopped.go();
    parent.wait();
    let up = case.puppet();
    assert_eq!(up.process(), daemon);
    assert_holds(&path, daemon);
}

/// A start with a socket, which its parent removes and binds.
fn server<'case>(case: &'case Case, path: &Path) -> Launch<'case> {
    keeper(case, path).env(format!("SOCKET={}", case.folder().join("socket").display()))
}

/// Who answers at the socket.
#[track_caller]
fn server_at(socket: &Path) -> Process {
    let mut connection = UnixStream::connect(socket).unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    Process(answer.parse().unwrap())
}

#[test]
fn loser_leaves_the_socket_of_the_winner_reachable() {
    let case = Case::new();
    let (path, socket) = (pid_path(&case), case.folder().join("socket"));
    // What an instance left behind that was killed: it does have to be removed.
    kill(started(&server(&case, &path).run()));
    let daemon = server(&case, &path).env("STOPS=up").daemon();
    for _ in 0..5 {
        assert_already_running(&server(&case, &path).run(), &path, daemon.process());
        assert_eq!(server_at(&socket), daemon.process());
    }
}

#[test]
fn loser_evaluates_no_files_expression() {
    let case = Case::new();
    let path = pid_path(&case);
    let daemon = start(&case, &path);
    // If it came to the expression, it would stop there and report.
    let parent = server(&case, &path).env("STOPS=files").spawn();
    assert_already_running(&parent.wait(), &path, daemon);
    assert!(!case.folder().join("socket").exists());
}

#[test]
fn loser_meets_a_start_that_is_in_its_files_expression_and_evaluates_none() {
    let case = Case::new();
    let (path, socket) = (pid_path(&case), case.folder().join("socket"));
    let parent = server(&case, &path).env("STOPS=files,up").spawn();
    let stopped = case.puppet();
    assert_already_running(&server(&case, &path).env("STOPS=files").run(), &path, parent.process());
    assert!(!socket.exists());
    stopped.go();
    parent.wait();
    let daemon = case.puppet();
    assert_eq!(server_at(&socket), daemon.process());
}

#[test]
fn two_pid_files_are_two_daemons() {
    let case = Case::new();
    let [one, two] = ["one", "two"].map(|name| case.folder().join(name));
    let daemons = [start(&case, &one), start(&case, &two)];
    assert_holds(&one, daemons[0]);
    assert_holds(&two, daemons[1]);
}

#[test]
fn second_name_of_the_file_is_the_same_lock() {
    let case = Case::new();
    let (path, other) = (pid_path(&case), case.folder().join("other"));
    let daemon = start(&case, &path);
    fs::hard_link(&path, &other).unwrap();
    assert_already_running(&keeper(&case, &other).run(), &other, daemon);
    assert_holds(&path, daemon);
}

// Other programs that hold the lock of `flock`, and nothing else

#[test]
fn holder_by_flock_of_an_empty_file_is_running() {
    let case = Case::new();
    let path = pid_path(&case);
    let lock = Lock::of(&path);
    assert_locked_out(&keeper(&case, &path).run(), &path);
    assert_eq!(fs::read(&path).unwrap(), b"");
    drop(lock);
    assert_holds(&path, start(&case, &path));
}

#[test]
fn holder_by_flock_that_wrote_its_number_is_named() {
    let case = Case::new();
    let path = pid_path(&case);
    let _lock = Lock::of(&path);
    let me = Process(process::id().cast_signed());
    write(&path, me.0.to_string());
    assert_already_running(&keeper(&case, &path).run(), &path, me);
    assert_eq!(fs::read_to_string(&path).unwrap(), me.0.to_string());
}

#[test]
fn stranger_is_not_named_as_the_holder() {
    let case = Case::new();
    let path = pid_path(&case);
    let stranger = Stranger::new(&case);
    let _lock = Lock::of(&path);
    write(&path, format!("{}\n", stranger.process.0));
    assert_locked_out(&keeper(&case, &path).run(), &path);
    stranger.assert_unharmed();
}

#[test]
fn shared_lock_by_flock_is_a_holder_too() {
    let case = Case::new();
    let path = pid_path(&case);
    write(&path, "");
    let file = File::open(&path).unwrap();
    file.lock_shared().unwrap();
    assert_locked_out(&keeper(&case, &path).run(), &path);
    file.unlock().unwrap();
    assert_free(&path);
}

#[test]
fn lock_that_is_let_go_at_once_does_not_make_a_start_fail() {
    // As `pgrep --logpidfile` takes it to see whether somebody has it, or this library where there is nothing better.
    let case = Case::new();
    let path = pid_path(&case);
    let daemon = wait_until("a start that was in time", || {
        let lock = Lock::of(&path);
        let Some((parent, mut traced)) = Traced::start(keeper(&case, &path)) else { return Some(None) };
        // It has been refused.
        traced.go_to(Side::After, &[libc::SYS_flock]);
        drop(lock);
        traced.let_go();
        let outcome = parent.wait();
        // On a busy machine it may have been on its way too long to try once more.
        outcome.status.success().then(|| Some(started(&outcome)))
    });
    if let Some(daemon) = daemon {
        assert_holds(&path, daemon);
    }
}

#[test]
fn daemon_that_obeys_is_left_in_peace_by_its_rivals() {
    let case = Case::new();
    let path = pid_path(&case);
    let mut daemon = obeying(&case, &path);
    let descriptors = daemon.process().descriptors();
    assert_already_running(&keeper(&case, &path).run(), &path, daemon.process());
    daemon.do_and_report("print", "still here");
    assert_eq!(daemon.process().descriptors(), descriptors);
}
