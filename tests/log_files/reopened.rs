//! `reopen_output`: a new file, or the old one, and never half of it.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
};

use nix::{
    sys::{signal::Signal, stat::Mode},
    unistd::mkfifo,
};
use support::{Case, Process, Puppet, is_root, skip};

use crate::{Closed, ONE_FILE, TWO_FILES, exists, folder, is_one_open_file, mode, printer, read, with};

/// Prints to both streams, stops, opens them again, prints once more, and stops.
const REOPEN: [&str; 9] = [
    "println=one",
    "eprintln=two",
    "ready",
    "stop=up",
    "reopen",
    "println=three",
    "eprintln=four",
    "c=five",
    "stop=reopened",
];

/// A daemon with these options that has opened its output again, after this was done.
#[track_caller]
fn reopened_after(case: &Case, options: &[&str], rotate: impl FnOnce(&Case)) -> Puppet {
    // What has no file is seen at the terminal until the daemon is up.
    assert!(printer(case, &with(options, &REOPEN)).run().status.success());
    let daemon = case.puppet();
    rotate(case);
    daemon.go();
    case.puppet()
}

fn rename(case: &Case, from: &str, to: &str) {
    fs::rename(case.folder().join(from), case.folder().join(to)).unwrap();
}

// What is opened

#[test]
fn new_lines_go_to_a_new_file_and_old_ones_stay() {
    let case = Case::new();
    let daemon = reopened_after(&case, &TWO_FILES, |case| {
        rename(case, "out", "out.1");
        rename(case, "err", "err.1");
    });
    assert_eq!(daemon.text("reopened"), "Ok");
    assert_eq!([read(&case, "out.1"), read(&case, "err.1")], ["one\n", "two\n"]);
    assert_eq!([read(&case, "out"), read(&case, "err")], ["three\nfive\n", "four\nfive\n"]);
}

#[test]
fn equal_paths_still_are_one_open_file() {
    let case = Case::new();
    let mut daemon = reopened_after(&case, &ONE_FILE, |case| rename(case, "log", "log.1"));
    assert_eq!([read(&case, "log.1"), read(&case, "log")], ["one\ntwo\n", "three\nfour\nfive\nfive\n"]);
    assert!(is_one_open_file(daemon.process(), || daemon.do_and_report("print", "more")));
}

#[test]
fn file_that_is_still_there_is_appended_to() {
    let case = Case::new();
    let daemon = reopened_after(&case, &ONE_FILE, |_| {});
    assert_eq!(daemon.text("reopened"), "Ok");
    assert_eq!(read(&case, "log"), "one\ntwo\nthree\nfour\nfive\nfive\n");
}

#[test]
fn file_that_was_removed_is_made_anew() {
    let case = Case::new();
    let remove = |case: &Case| fs::remove_file(case.folder().join("log")).unwrap();
    let daemon = reopened_after(&case, &ONE_FILE, remove);
    assert_eq!(daemon.text("reopened"), "Ok");
    assert_eq!(read(&case, "log"), "three\nfour\nfive\nfive\n");
}

#[test]
fn file_that_the_rotation_has_made_is_taken_as_it_is() {
    let case = Case::new();
    let log = case.folder().join("log");
    let mut made = None;
    let daemon = reopened_after(&case, &ONE_FILE, |case| {
        rename(case, "log", "log.1");
        fs::write(&log, "a head line\n").unwrap();
        fs::set_permissions(&log, Permissions::from_mode(0o604)).unwrap();
        made = Some(fs::metadata(&log).unwrap().ino());
    });
    assert_eq!(daemon.text("reopened"), "Ok");
    assert_eq!((Some(fs::metadata(&log).unwrap().ino()), mode(&log)), (made, 0o604));
    assert_eq!(read(&case, "log"), "a head line\nthree\nfour\nfive\nfive\n");
}

#[test]
fn mode_of_a_new_file_depends_on_the_daemons_umask_as_before() {
    for (option, wanted) in [("--umask=022", 0o640), ("--umask=0", 0o640), ("--umask=077", 0o600)] {
        let case = Case::new();
        reopened_after(&case, &with(&ONE_FILE, &[option]), |case| rename(case, "log", "log.1"));
        assert_eq!(mode(&case.folder().join("log")), wanted, "{option}");
    }
}

#[test]
fn new_file_belongs_to_the_user_and_the_group() {
    if !is_root() {
        return skip("only root becomes another user");
    }
    let case = Case::new();
    if !case.is_open_to_all() {
        return skip("another user cannot come to the files");
    }
    folder(&case, "logs", 0o777);
    let options = ["--stdout=logs/out", "--stderr=logs/err", "--user=42001", "--group=42002"];
    let daemon = reopened_after(&case, &options, |case| rename(case, "logs/out", "logs/out.1"));
    assert_eq!(daemon.text("reopened"), "Ok");
    let file = fs::metadata(case.folder().join("logs/out")).unwrap();
    assert_eq!((file.uid(), file.gid(), file.mode() & 0o7777), (42_001, 42_002, 0o640));
}

#[test]
fn stream_without_a_file_stays_the_null_device() {
    let case = Case::new();
    let daemon = reopened_after(&case, &["--stderr=log"], |case| rename(case, "log", "log.1"));
    assert_eq!(daemon.text("reopened"), "Ok");
    let descriptors = daemon.process().descriptors();
    assert!(descriptors[&1].is_null_device(), "{descriptors:?}");
    assert_eq!(read(&case, "log"), "four\nfive\n");
}

#[test]
fn without_log_files_it_does_nothing() {
    let case = Case::new();
    let args = ["ready", "stop=up", "reopen", "stop=reopened"];
    let daemon = printer(&case, &args).daemon();
    let before = daemon.process().descriptors();
    daemon.go();
    let daemon = case.puppet();
    assert_eq!((daemon.text("reopened"), before.len()), ("Ok", daemon.process().descriptors().len()));
    assert!((0..3).all(|number| before[&number] == daemon.process().descriptors()[&number]));
}

// Descriptors

#[test]
fn no_descriptor_is_left_after_a_thousand_times() {
    for paths in [ONE_FILE, TWO_FILES] {
        let case = Case::new();
        let actions = ["ready", "stop=up", "reopen-often=1000", "println=text", "stop=reopened"];
        let daemon = printer(&case, &with(&paths, &actions)).daemon();
        let before = daemon.process().descriptors();
        daemon.go();
        let after = case.puppet().process().descriptors();
        // The connection to the test may have another number.
        assert_eq!(before.len(), after.len(), "{before:?}, {after:?}");
        for number in 0..3 {
            assert_eq!(before[&number], after[&number]);
            assert!(!after[&number].is_close_on_exec());
        }
        assert!(after.iter().all(|(&number, file)| number < 3 || file.is_close_on_exec()), "{after:?}");
    }
}

#[test]
fn equal_paths_still_are_one_open_file_when_two_threads_open_them() {
    let case = Case::new();
    let daemon = printer(&case, &with(&ONE_FILE, &["ready", "reopen-at-once", "stop=up"])).daemon();
    assert_eq!(daemon.text("split"), "0");
    let open = daemon.process().descriptors();
    let log = case.folder().join("log");
    assert_eq!(open.values().filter(|file| file.target == log).count(), 2, "{open:?}");
}

#[test]
fn thread_that_has_stderr_locked_can_open_the_files_again() {
    let case = Case::new();
    let _daemon = printer(&case, &with(&TWO_FILES, &["ready", "reopen-locked", "stop=up"])).daemon();
}

#[test]
fn children_have_the_file_as_1_and_2_only_and_keep_it() {
    let case = Case::new();
    let actions = ["ready", "stop=up", "reopen", "child=later", "stop=reopened"];
    let mut daemon = printer(&case, &with(&TWO_FILES, &actions)).daemon();
    daemon.do_and_report("helper", "sleep");
    let early = case.process_named("sleep");
    rename(&case, "out", "out.1");
    rename(&case, "err", "err.1");
    daemon.go();
    let mut daemon = case.puppet();
    // A later child prints into the new files.
    assert_eq!([read(&case, "out"), read(&case, "err")], ["later\n", "later\n"]);
    let of = |process: Process| {
        // Before that it has its libraries open.
        process.wait_until_asleep();
        let open = process.descriptors();
        assert_eq!(open.keys().copied().collect::<Vec<_>>(), [0, 1, 2]);
        [1, 2].map(|number| open[&number].target.file_name().unwrap().to_str().unwrap().to_owned())
    };
    assert_eq!(of(early), ["out.1", "err.1"]);
    early.signal(Signal::SIGKILL);
    early.wait_until_dead();
    daemon.do_and_report("helper", "sleep");
    assert_eq!(of(case.process_named("sleep")), ["out", "err"]);
}

// What cannot be opened

/// Both files are renamed and this is done, so that one of them cannot be opened again: all goes on in the old files,
/// which is told with the path of that one, and why.
#[track_caller]
fn assert_old_files_stay(options: &[&str], spoil: impl FnOnce(&Case), bad: &str, why: &str) {
    let case = Case::new();
    let launch = printer(&case, &with(options, &REOPEN));
    let daemon = launch.daemon();
    let names = if exists(&case, "log") { ["log", "log"] } else { ["out", "err"] };
    let old = names.map(|name| format!("{name}.1"));
    for (name, old) in names.iter().zip(&old).take(if names[0] == names[1] { 1 } else { 2 }) {
        rename(&case, name, old);
    }
    spoil(&case);
    daemon.go();
    let daemon = case.puppet();
    let told = daemon.text("reopened");
    let path = case.folder().join(bad).display().to_string();
    assert!(told.contains(&path) && told.contains(why), "{told}");
    let lines = old.each_ref().map(|name| read(&case, name));
    if names[0] == names[1] {
        assert_eq!(lines[0], "one\ntwo\nthree\nfour\nfive\nfive\n");
    } else {
        assert_eq!(lines, ["one\nthree\nfive\n", "two\nfour\nfive\n"]);
    }
    let open = daemon.process().descriptors();
    assert_eq!([1, 2].map(|number| open[&number].target.clone()), old.map(|name| case.folder().join(name)));
    assert!(open.iter().all(|(&number, file)| number < 3 || file.is_close_on_exec()), "{open:?}");
}

#[test]
fn old_file_stays_when_something_else_is_in_its_place() {
    let at = |case: &Case| case.folder().join("log");
    assert_old_files_stay(&ONE_FILE, |case| fs::create_dir(at(case)).unwrap(), "log", "it is a directory");
    let fifo = |case: &Case| mkfifo(&at(case), Mode::S_IRWXU).unwrap();
    assert_old_files_stay(&ONE_FILE, fifo, "log", "it is a FIFO");
    let dangling = |case: &Case| symlink("target", at(case)).unwrap();
    assert_old_files_stay(&ONE_FILE, dangling, "log", "it is a symbolic link");
}

#[test]
fn link_in_its_place_is_not_followed() {
    let case = Case::new();
    let target = case.folder().join("target");
    fs::write(&target, "a secret").unwrap();
    let to_target = |case: &Case| symlink(&target, case.folder().join("log")).unwrap();
    assert_old_files_stay(&ONE_FILE, to_target, "log", "it is a symbolic link");
    assert_eq!(fs::read_to_string(&target).unwrap(), "a secret");
}

#[test]
fn second_name_in_its_place_is_refused_for_root() {
    if !is_root() {
        return skip("an ordinary user may do what he likes with his own files");
    }
    let case = Case::new();
    let target = case.folder().join("target");
    fs::write(&target, "a secret").unwrap();
    let to_target = |case: &Case| fs::hard_link(&target, case.folder().join("log")).unwrap();
    assert_old_files_stay(&ONE_FILE, to_target, "log", "it has another name");
    assert_eq!(fs::read_to_string(&target).unwrap(), "a secret");
}

#[test]
fn neither_of_two_files_is_changed_when_one_cannot_be_opened() {
    for bad in ["out", "err"] {
        let spoil = |case: &Case| fs::create_dir(case.folder().join(bad)).unwrap();
        assert_old_files_stay(&TWO_FILES, spoil, bad, "it is a directory");
    }
}

/// The kind of the error is that of what went wrong.
#[test]
fn kind_of_an_error_of_the_system_is_kept() {
    let case = Case::new();
    folder(&case, "logs", 0o755);
    let daemon = reopened_after(&case, &["--stdout=logs/log"], |case| rename(case, "logs", "logs.1"));
    let path = case.folder().join("logs/log");
    let why = "No such file or directory (os error 2)";
    let expected = format!("NotFound: cannot open the log file {}: {why}", path.display());
    assert_eq!(daemon.text("reopened"), expected);
    assert_eq!(read(&case, "logs.1/log"), "one\nthree\nfive\n");
}

/// A daemon that may not make a file in the folder of its log goes on with the old one.
#[track_caller]
fn assert_not_permitted(case: &Case, daemon: Puppet) {
    daemon.go();
    let path = case.folder().join("logs/log");
    let why = "Permission denied (os error 13)";
    let expected = format!("PermissionDenied: cannot open the log file {}: {why}", path.display());
    assert_eq!(case.puppet().text("reopened"), expected);
    assert_eq!(read(case, "logs/log.1"), "one\ntwo\nthree\nfour\nfive\nfive\n");
    assert!(!exists(case, "logs/log"));
}

const IN_FOLDER: [&str; 2] = ["--stdout=logs/log", "--stderr=logs/log"];

#[test]
fn old_file_stays_in_a_folder_that_the_user_cannot_write_to() {
    let case = Case::new();
    if is_root() && !case.is_open_to_all() {
        return skip("an ordinary user cannot get here");
    }
    let logs = Closed::new(&case, "logs", 0o777);
    let daemon = printer(&case, &with(&IN_FOLDER, &REOPEN)).unprivileged().daemon();
    rename(&case, "logs/log", "logs/log.1");
    logs.set_mode(0o555);
    assert_not_permitted(&case, daemon);
}

#[test]
fn daemon_that_has_become_another_user_has_only_his_rights() {
    if !is_root() {
        return skip("only root becomes another user");
    }
    let case = Case::new();
    if !case.is_open_to_all() {
        return skip("another user cannot come to the files");
    }
    // Root's own.
    folder(&case, "logs", 0o755);
    let options = with(&IN_FOLDER, &["--user=42001", "--group=42002"]);
    let daemon = printer(&case, &with(&options, &REOPEN)).daemon();
    rename(&case, "logs/log", "logs/log.1");
    assert_not_permitted(&case, daemon);
}

#[test]
fn what_could_not_be_opened_can_be_tried_again() {
    let case = Case::new();
    let again = ["reopen", "println=six", "stop=again"];
    let daemon = printer(&case, &with(&ONE_FILE, &with(&REOPEN, &again))).daemon();
    rename(&case, "log", "log.1");
    fs::create_dir(case.folder().join("log")).unwrap();
    daemon.go();
    let daemon = case.puppet();
    assert_ne!(daemon.text("reopened"), "Ok");
    fs::remove_dir(case.folder().join("log")).unwrap();
    daemon.go();
    assert_eq!(case.puppet().text("reopened"), "Ok");
    assert_eq!(read(&case, "log"), "six\n");
}
