//! A file that was left behind counts for nothing, whoever has its number by now; nor does a number that somebody has
//! changed.

use std::{
    fs,
    io::{ErrorKind, Write},
    path::Path,
    process,
    time::Duration,
};

use godaemon::PidFile;
use nix::sys::signal::Signal;
use support::{Case, Process};

use crate::{
    Stranger, assert_free, assert_holds, keeper, kill, number_in, obeying, pid_path, start, started, write,
};

#[test]
fn file_of_a_killed_daemon_stays_and_counts_for_nothing() {
    let case = Case::new();
    let path = pid_path(&case);
    let daemon = start(&case, &path);
    kill(daemon);
    assert_eq!(number_in(&path), daemon.0);
    assert_free(&path);
    assert_holds(&path, start(&case, &path));
}

#[test]
fn number_of_a_stranger_is_replaced() {
    let case = Case::new();
    let path = pid_path(&case);
    let stranger = Stranger::new(&case);
    let me = process::id();
    // With an end of the line and without; that of a process of whoever starts; numbers of nobody, longer than any.
    let texts = [
        format!("{}\n", stranger.process.0),
        stranger.process.0.to_string(),
        format!("{me}\n"),
        "1\n".to_owned(),
        "2147483647\n".to_owned(),
        "2147483647".to_owned(),
        "4711\n\n\n\n".to_owned(),
        String::new(),
        "\n".to_owned(),
    ];
    for text in texts {
        write(&path, &text);
        assert_eq!(PidFile::new(&path).running().unwrap(), None, "{text:?}");
        let daemon = start(&case, &path);
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{}\n", daemon.0), "{text:?}");
        assert_holds(&path, daemon);
        kill(daemon);
    }
    stranger.assert_unharmed();
}

#[test]
fn stranger_of_a_stale_file_is_never_signalled() {
    let case = Case::new();
    let path = pid_path(&case);
    let stranger = Stranger::new(&case);
    write(&path, format!("{}\n", stranger.process.0));
    let pid_file = PidFile::new(&path);
    assert_eq!(pid_file.stop(Duration::from_secs(10)).unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(pid_file.signal(Signal::SIGTERM as i32).unwrap_err().kind(), ErrorKind::NotFound);
    stranger.assert_unharmed();
    // Nor was the file taken for one that may be changed.
    assert_eq!(number_in(&path), stranger.process.0);
}

/// The number of a process, written over that of the daemon, into the same file.
fn forge(path: &Path, process: Process) {
    let before = fs::metadata(path).unwrap();
    let mut file = fs::File::options().write(true).truncate(true).open(path).unwrap();
    writeln!(file, "{}", process.0).unwrap();
    assert_eq!(before.permissions(), fs::metadata(path).unwrap().permissions());
}

#[test]
fn stranger_whose_number_is_written_into_a_locked_file_is_never_signalled() {
    let case = Case::new();
    let path = pid_path(&case);
    let stranger = Stranger::new(&case);
    let mut daemon = obeying(&case, &path);
    forge(&path, stranger.process);
    let pid_file = PidFile::new(&path);
    for result in [pid_file.stop(Duration::from_secs(10)), pid_file.signal(Signal::SIGTERM as i32)] {
        let error = result.unwrap_err();
        // It does run: this is something else, and worth a look.
        assert!(!matches!(error.kind(), ErrorKind::NotFound | ErrorKind::TimedOut), "{error}");
    }
    stranger.assert_unharmed();
    daemon.do_and_report("print", "still here");
    assert!(daemon.process().is_alive());
}

#[test]
fn dead_number_in_a_locked_file_is_an_error() {
    let case = Case::new();
    let path = pid_path(&case);
    let mut daemon = obeying(&case, &path);
    // More than there can be.
    forge(&path, Process(i32::MAX));
    assert!(PidFile::new(&path).stop(Duration::from_secs(10)).is_err());
    daemon.do_and_report("print", "still here");
}

#[test]
fn text_in_a_locked_file_is_an_error() {
    let case = Case::new();
    let path = pid_path(&case);
    let mut daemon = obeying(&case, &path);
    fs::File::options().write(true).truncate(true).open(&path).unwrap().write_all(b"-1\n").unwrap();
    let pid_file = PidFile::new(&path);
    // -1 is everybody.
    assert!(pid_file.stop(Duration::from_secs(10)).is_err());
    assert!(pid_file.signal(Signal::SIGTERM as i32).is_err());
    assert!(pid_file.running().is_err());
    daemon.do_and_report("print", "still here");
}

#[test]
fn forged_number_keeps_no_second_instance_from_being_refused() {
    let case = Case::new();
    let path = pid_path(&case);
    let stranger = Stranger::new(&case);
    let daemon = start(&case, &path);
    forge(&path, stranger.process);
    let outcome = keeper(&case, &path).run();
    assert_eq!(outcome.status.code(), Some(69), "{outcome:?}");
    assert!(!outcome.failure().contains(&stranger.process.0.to_string()), "{outcome:?}");
    assert!(daemon.is_alive());
    assert_eq!(case.processes().len(), 2);
}

#[test]
fn file_that_was_removed_by_hand_makes_room_for_another_instance() {
    // As with every pid file: the lock is that of the file, and there is none any more. The old one loses nothing.
    let case = Case::new();
    let path = pid_path(&case);
    let old = obeying(&case, &path);
    fs::remove_file(&path).unwrap();
    assert_eq!(PidFile::new(&path).running().unwrap(), None);
    let new = started(&keeper(&case, &path).run());
    assert_holds(&path, new);
    let process = old.process();
    old.go();
    support::wait_for_end(process.0);
    // The new one's file was not the old one's to remove.
    assert_holds(&path, new);
}
