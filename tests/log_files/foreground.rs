//! In the foreground there are no log files.

use std::{fs, os::unix::fs::symlink};

use support::Case;

use crate::{exists, printer, with};

const PRINT: [&str; 6] = ["println=one", "eprintln=two", "ready", "reopen", "println=three", "stop=up"];

#[test]
fn foreground_opens_no_log_file_and_leaves_output_where_it_was() {
    let case = Case::new();
    let args = with(&["--foreground", "--stdout=out", "--stderr=err"], &PRINT);
    let program = printer(&case, &args).spawn();
    let body = case.puppet();
    assert_eq!((body.process(), body.text("reopened")), (program.process(), "Ok"));
    body.go();
    let outcome = program.wait();
    assert!(outcome.status.success(), "{outcome:?}");
    assert_eq!([outcome.stdout, outcome.stderr], [b"one\nthree\n".as_slice(), b"two\n"]);
    assert!(!exists(&case, "out") && !exists(&case, "err"));
}

#[test]
fn foreground_does_not_look_at_what_is_at_the_paths() {
    let case = Case::new();
    fs::create_dir(case.folder().join("folder")).unwrap();
    symlink("target", case.folder().join("link")).unwrap();
    for paths in [["--stdout=folder", "--stderr=link"], ["--stdout=no/such/log", "--stderr=link"]] {
        let program = printer(&case, &with(&with(&["--foreground"], &paths), &PRINT)).spawn();
        let body = case.puppet();
        assert_eq!(body.text("reopened"), "Ok");
        body.go();
        let outcome = program.wait();
        assert!(outcome.status.success() && outcome.stderr == b"two\n", "{outcome:?}");
        assert!(!exists(&case, "target"));
    }
}
