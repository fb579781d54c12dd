//! Relative paths mean what they meant to the user, wherever the daemon works.

use std::{
    fs,
    path::{Path, PathBuf},
};

use support::{Case, is_root, skip};

use crate::{Closed, ONE_FILE, exists, folder, printer, read, with};

#[test]
fn relative_path_is_relative_to_the_callers_directory() {
    let case = Case::new();
    folder(&case, "here", 0o755);
    folder(&case, "logs", 0o755);
    let args = ["--stdout=../logs/out", "--stderr=err", "println=one", "eprintln=two", "ready", "stop=up"];
    let daemon = printer(&case, &args).first(["chdir", "here"]).daemon();
    assert_eq!([read(&case, "logs/out"), read(&case, "here/err")], ["one\n", "two\n"]);
    assert_eq!(daemon.process().directory(), Path::new("/"));
    assert_eq!(daemon.path("launch_dir"), Some(case.folder().join("here")));
}

#[test]
fn working_directory_does_not_change_what_a_path_means() {
    for away in ["--working-dir=away", "--working-dir=./away/../away"] {
        let case = Case::new();
        folder(&case, "away", 0o755);
        let args = with(&ONE_FILE, &[away, "println=one", "ready", "reopen", "println=two", "stop=up"]);
        let daemon = printer(&case, &args).daemon();
        assert_eq!(daemon.process().directory(), case.folder().join("away"));
        assert_eq!(daemon.path("launch_dir").as_deref(), Some(case.folder()));
        // Nor does it when they are opened again.
        assert_eq!((daemon.text("reopened"), read(&case, "log").as_str()), ("Ok", "one\ntwo\n"));
        assert_eq!(fs::read_dir(case.folder().join("away")).unwrap().count(), 0);
    }
}

#[test]
fn relative_path_is_the_same_file_when_it_is_opened_again() {
    let case = Case::new();
    folder(&case, "here", 0o755);
    let actions = ["println=one", "ready", "stop=up", "reopen", "println=two", "stop=reopened"];
    let launch = printer(&case, &with(&["--stdout=../log"], &actions));
    let daemon = launch.first(["chdir", "here"]).daemon();
    fs::rename(case.folder().join("log"), case.folder().join("log.1")).unwrap();
    daemon.go();
    assert_eq!(case.puppet().text("reopened"), "Ok");
    assert_eq!([read(&case, "log.1"), read(&case, "log")], ["one\n", "two\n"]);
}

#[test]
fn absolute_path_needs_no_directory_of_the_caller() {
    let case = Case::new();
    let here = folder(&case, "here", 0o755);
    let start = |option: &str| {
        let steps = ["chdir", "here", "rmdir", here.to_str().unwrap()];
        printer(&case, &[option, "println=text", "ready", "stop=up"]).first(steps)
    };
    let log = case.folder().join("log");
    let _daemon = start(&format!("--stdout={}", log.display())).daemon();
    assert_eq!(read(&case, "log"), "text\n");
    // To what should this be relative?
    folder(&case, "here", 0o755);
    let outcome = start("--stdout=log").run();
    let line = "printer: cannot open the log file log: No such file or directory (os error 2)";
    assert_eq!((outcome.failure(), outcome.status.code()), (line, Some(73)));
}

#[test]
fn empty_path_is_refused() {
    let case = Case::new();
    let outcome = printer(&case, &["--stdout=", "ready"]).run();
    assert!(outcome.stderr.starts_with(b"printer: cannot open the log file"), "{outcome:?}");
    assert_eq!(outcome.status.code(), Some(73));
    case.wait_until_empty();
}

/// A working directory with this path that the daemon cannot have, which is said before anything is made.
#[track_caller]
fn assert_not_enterable(case: &Case, name: &str, why: &str) {
    let path: PathBuf = case.folder().join(name);
    let option = format!("--working-dir={name}");
    let options = ["--pid-file=pid", "--stdout=logs/out", "--stderr=logs/err", "--file=logs/made", &option];
    let outcome = printer(case, &with(&options, &["ready"])).unprivileged().run();
    let expected = [name.to_owned(), path.display().to_string()]
        .map(|path| format!("printer: cannot enter the working directory {path}: {why}"));
    assert!(expected.iter().any(|line| line == outcome.failure()), "{outcome:?}");
    assert_eq!(outcome.status.code(), Some(71));
    assert!(!exists(case, "pid"));
    assert_eq!(fs::read_dir(case.folder().join("logs")).unwrap().count(), 0);
    case.wait_until_empty();
}

#[test]
fn working_directory_that_cannot_be_entered_is_an_error_before_anything_is_made() {
    let case = Case::new();
    if is_root() && !case.is_open_to_all() {
        return skip("an ordinary user cannot get here");
    }
    folder(&case, "logs", 0o777);
    assert_not_enterable(&case, "missing", "No such file or directory (os error 2)");
    fs::write(case.folder().join("file"), "").unwrap();
    assert_not_enterable(&case, "file", "Not a directory (os error 20)");
    let _hidden = Closed::new(&case, "hidden", 0o000);
    assert_not_enterable(&case, "hidden", "Permission denied (os error 13)");
    let _readable = Closed::new(&case, "readable", 0o444);
    assert_not_enterable(&case, "readable", "Permission denied (os error 13)");
}
