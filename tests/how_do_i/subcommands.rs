//! `stop` and `status`, without a daemon of their own.

use support::{Case, Launch, Outcome, program};

use crate::{assert_refused, daemon_in, names_in, word_behind};

fn subcommands<'case>(case: &'case Case, args: &[&str]) -> Launch<'case> {
    let temporary = format!("TMPDIR={}", case.folder().to_str().unwrap());
    args.iter().fold(case.program(program!("subcommands")), Launch::arg).env(temporary)
}

/// It exits with this, and prints this line.
#[track_caller]
fn assert_says(outcome: &Outcome, line: &str, status: i32) {
    let stdout = str::from_utf8(&outcome.stdout);
    assert_eq!((stdout, outcome.status.code()), (Ok(format!("{line}\n").as_str()), Some(status)));
    assert_eq!(outcome.stderr, b"");
}

#[test]
fn subcommands_start_tell_and_stop() {
    let case = Case::new();
    assert_says(&subcommands(&case, &["status"]).run(), "nothing runs", 3);
    subcommands(&case, &["start"]).run().assert_success();
    let status = subcommands(&case, &["status"]).run();
    let daemon = daemon_in(&case, str::from_utf8(&status.stdout).unwrap());
    assert_says(&status, &format!("process {} runs", daemon.0), 0);
    let again = subcommands(&case, &["start"]).run();
    assert_eq!(again.status.code(), Some(69));
    assert_eq!(word_behind(again.failure(), "process "), daemon.0.to_string());

    subcommands(&case, &["stop"]).run().assert_success();
    assert!(!daemon.is_alive());
    assert_says(&subcommands(&case, &["status"]).run(), "nothing runs", 3);
    // What does not run has been stopped.
    subcommands(&case, &["stop"]).run().assert_success();
}

#[test]
fn subcommands_other_than_start_leave_nothing_behind() {
    let case = Case::new();
    for args in [&["status"] as &[_], &["stop"], &["restart"], &[]] {
        let outcome = subcommands(&case, args).run();
        if !matches!(args, ["status" | "stop"]) {
            let line = "subcommands: command: expected `start`, `stop` or `status`";
            assert_refused(&outcome, line, 1);
        }
        assert!(case.processes().is_empty(), "{args:?}");
        assert_eq!(names_in(case.folder()), ["subcommands"], "{args:?}");
    }
}
