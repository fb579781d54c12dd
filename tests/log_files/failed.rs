//! A start that fails is told at the terminal, once, although what is printed goes into a file.

use std::fs;

use nix::sys::signal::Signal;
use support::{Case, Outcome};

use crate::{ONE_FILE, printer, read, with};

/// The ways in which stderr has a file, and the one in which it leads to the terminal.
const IN_FILE: [&[&str]; 2] = [&ONE_FILE, &["--stderr=log"]];
const AT_TERMINAL: &[&str] = &["--stdout=log"];

/// Gives a daemon an order before it is ready; how the start went, and what the file holds.
#[track_caller]
fn ordered(options: &[&str], env: &str, order: &str, what: &str) -> (Outcome, String) {
    let case = Case::new();
    let parent = printer(&case, &with(options, &["stop=body", "ready", "stop=up"])).env(env).spawn();
    case.puppet().order(order, what);
    let outcome = parent.wait();
    assert_eq!(outcome.stdout, b"");
    case.wait_until_empty();
    (outcome, read(&case, "log"))
}

/// Nobody looks at this entry of the environment.
const NOTHING: &str = "NOTHING=";

#[test]
fn error_is_told_at_the_terminal_and_in_the_file() {
    for options in IN_FILE {
        let (outcome, text) = ordered(options, NOTHING, "error", "no luck");
        assert_eq!((outcome.failure(), outcome.status.code()), ("printer: daemon: no luck", Some(1)));
        // As std prints it.
        assert_eq!(text, "Error: \"no luck\"\n");
    }
}

#[test]
fn error_is_told_once_when_stderr_has_no_file() {
    let (outcome, text) = ordered(AT_TERMINAL, NOTHING, "error", "no luck");
    assert_eq!((outcome.failure(), outcome.status.code()), ("printer: daemon: no luck", Some(1)));
    assert_eq!(text, "");
}

/// One line about a panic in the support library.
#[track_caller]
fn assert_panicked(outcome: &Outcome) {
    let line = outcome.failure();
    assert!(line.starts_with("printer: daemon: panicked at tests/support/puppet.rs:"), "{line}");
    assert!(line.ends_with(": the sky fell"), "{line}");
    assert_eq!(outcome.status.code(), Some(70));
}

#[test]
fn panic_is_told_at_the_terminal_and_in_the_file() {
    for options in IN_FILE {
        let (outcome, text) = ordered(options, "RUST_BACKTRACE=0", "panic", "the sky fell");
        assert_panicked(&outcome);
        assert!(text.contains("panicked at tests/support/puppet.rs:"), "{text}");
        assert_eq!(text.matches("the sky fell").count(), 1, "{text}");
    }
}

#[test]
fn backtrace_is_in_the_file_and_the_panic_at_the_terminal() {
    for options in IN_FILE {
        let (outcome, text) = ordered(options, "RUST_BACKTRACE=1", "panic", "the sky fell");
        assert_panicked(&outcome);
        for part in ["stack backtrace", "the sky fell"] {
            assert_eq!(text.matches(part).count(), 1, "{text}");
        }
    }
}

#[test]
fn panic_is_told_once_when_stderr_has_no_file() {
    let (outcome, text) = ordered(AT_TERMINAL, "RUST_BACKTRACE=0", "panic", "the sky fell");
    assert_panicked(&outcome);
    assert_eq!(text, "");
    let (outcome, text) = ordered(AT_TERMINAL, "RUST_BACKTRACE=1", "panic", "the sky fell");
    let stderr = String::from_utf8_lossy(&outcome.stderr);
    for part in ["stack backtrace", "the sky fell"] {
        assert_eq!(stderr.matches(part).count(), 1, "{stderr}");
    }
    assert!(stderr.ends_with("\nprinter: daemon: panicked\n"), "{stderr}");
    assert_eq!((outcome.status.code(), text.as_str()), (Some(70), ""));
}

#[test]
fn panic_of_a_thread_is_in_the_file_when_the_start_fails_later() {
    let case = Case::new();
    let outcome = printer(&case, &with(&ONE_FILE, &["thread-panics"])).run();
    let stderr = String::from_utf8_lossy(&outcome.stderr);
    let line = "printer: daemon: ended with status 0 before it was ready\n";
    assert!(stderr.ends_with(line) && stderr.matches("a thread fell").count() <= 1, "{stderr}");
    let text = read(&case, "log");
    assert_eq!(text.matches("a thread fell").count(), 1, "{text}");
}

#[test]
fn exit_is_told_at_the_terminal() {
    for options in [IN_FILE[0], IN_FILE[1], AT_TERMINAL] {
        let (outcome, text) = ordered(options, NOTHING, "exit", "42");
        let line = "printer: daemon: ended with status 42 before it was ready";
        assert_eq!((outcome.failure(), outcome.status.code()), (line, Some(42)));
        assert_eq!(text, "");
    }
}

#[test]
fn death_by_a_signal_is_told_at_the_terminal() {
    for signal in [Signal::SIGKILL, Signal::SIGTERM, Signal::SIGSEGV] {
        let number = signal as i32;
        let (outcome, text) = ordered(&ONE_FILE, NOTHING, "raise", &number.to_string());
        let line = format!("printer: daemon: killed by signal {number} ({signal}) before it was ready");
        assert_eq!((outcome.failure(), outcome.status.code()), (line.as_str(), Some(128 + number)));
        assert_eq!(text, "");
    }
}

#[test]
fn what_was_printed_before_is_in_the_file_only() {
    let case = Case::new();
    let outcome = printer(&case, &with(&ONE_FILE, &["println=one", "eprintln=two", "print=thr"])).run();
    assert_eq!(outcome.stderr, b"printer: daemon: ended with status 0 before it was ready\n");
    assert_eq!(read(&case, "log"), "one\ntwo\nthr");
}

#[test]
fn value_that_fails_in_the_daemon_is_told_at_the_terminal() {
    let case = Case::new();
    let outcome = printer(&case, &with(&ONE_FILE, &["ready"])).env("EARLY=fail").run();
    let line = "printer: daemon: args: no luck";
    assert_eq!((outcome.failure(), outcome.status.code()), (line, Some(1)));
    // It had not settled.
    assert_eq!(read(&case, "log"), "");
}

#[test]
fn file_that_a_failed_start_has_made_stays() {
    // It fails in the parent, behind the log files.
    let case = Case::new();
    let outcome = printer(&case, &with(&ONE_FILE, &["--file=no/such/folder", "ready"])).run();
    let line = "printer: file: No such file or directory (os error 2)";
    assert_eq!((outcome.failure(), outcome.status.code()), (line, Some(1)));
    assert_eq!(read(&case, "log"), "");
    // And with what it held.
    fs::write(case.folder().join("log"), "of yesterday\n").unwrap();
    let outcome = printer(&case, &with(&ONE_FILE, &["exit=3"])).run();
    assert_eq!(outcome.failure(), "printer: daemon: ended with status 3 before it was ready");
    assert_eq!(read(&case, "log"), "of yesterday\n");
}
