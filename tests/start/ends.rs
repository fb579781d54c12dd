//! How the daemon ended before it was up: by an error, a panic, `exit`, a signal.

use nix::sys::signal::Signal;
use support::{Case, Outcome, Process, program};

use crate::{BEFORE_UP, before_ready, ordered_at, stopped_at};

#[test]
fn failed_expression_is_an_error_at_the_terminal() {
    let expected = [("parent's values", "puppet: points: no luck"), ("files", "puppet: file: no luck")];
    for (point, line) in expected {
        let outcome = ordered_at(point, "error", "no luck");
        assert_eq!((outcome.failure(), outcome.status.code()), (line, Some(1)));
    }
}

#[test]
fn error_in_the_daemon_reaches_the_terminal() {
    let expected =
        [("daemon's values", "puppet: daemon: points: no luck"), ("body", "puppet: daemon: no luck")];
    for (point, line) in expected {
        let outcome = ordered_at(point, "error", "no luck");
        assert_eq!((outcome.failure(), outcome.status.code()), (line, Some(1)));
    }
}

#[test]
fn causes_of_an_error_are_said_once_each() {
    let case = Case::new();
    let outcome = before_ready(&case, "causes").run();
    let line = "before_ready: daemon: cannot open the database: connection refused: nobody listens";
    assert_eq!((outcome.failure(), outcome.status.code()), (line, Some(1)));
    case.wait_until_empty();
}

#[test]
fn error_of_this_library_says_once_where_it_was() {
    let case = Case::new();
    let outcome = before_ready(&case, "again").run();
    let line = "before_ready: daemon: this process is a daemon already";
    // It is `main` that returned it.
    assert_eq!((outcome.failure(), outcome.status.code()), (line, Some(1)));
    case.wait_until_empty();
}

#[test]
fn failure_without_a_reason_is_a_whole_line() {
    let case = Case::new();
    let outcome = before_ready(&case, "fails-silently").run();
    assert_eq!((outcome.failure(), outcome.status.code()), ("before_ready: daemon: failed", Some(1)));
    case.wait_until_empty();
}

#[test]
fn error_without_a_text_is_an_end_with_a_status() {
    let outcome = ordered_at("body", "error", "");
    // The first line is what std prints.
    let text = "Error: \"\"\npuppet: daemon: ended with status 1 before it was ready\n";
    assert_eq!(String::from_utf8_lossy(&outcome.stderr), text);
    assert_eq!(outcome.status.code(), Some(1));
}

/// Gives a daemon whose output is captured an order before it is ready.
fn captured_ordered(order: &str, what: &str) -> Outcome {
    let case = Case::new();
    let parent = case.program(program!("captured")).spawn();
    case.puppet().order(order, what);
    let outcome = parent.wait();
    case.wait_until_empty();
    outcome
}

#[test]
fn failure_reaches_the_terminal_past_captured_output() {
    let outcome = captured_ordered("error", "no luck");
    assert_eq!((outcome.failure(), outcome.status.code()), ("captured: daemon: no luck", Some(1)));
    let outcome = captured_ordered("exit", "42");
    let line = "captured: daemon: ended with status 42 before it was ready";
    assert_eq!((outcome.failure(), outcome.status.code()), (line, Some(42)));
    assert_panicked("captured", &captured_ordered("panic", "the sky fell"));
}

/// This line consists of a beginning, the number of a line, that of a column, and an end.
#[track_caller]
fn assert_has_place(line: &str, begin: &str, end: &str) {
    let place = line.strip_prefix(begin).and_then(|line| line.strip_suffix(end));
    let is_place = |place: &str| place.split(':').filter(|number| number.parse::<u32>().is_ok()).count() == 2;
    assert!(place.is_some_and(is_place), "{line}");
}

/// One line about a panic in the support library, with its text and place.
#[track_caller]
fn assert_panicked(program: &str, outcome: &Outcome) {
    let begin = format!("{program}: daemon: panicked at tests/support/puppet.rs:");
    assert_has_place(outcome.failure(), &begin, ": the sky fell");
    assert_eq!(outcome.status.code(), Some(70));
}

#[test]
fn exit_before_the_daemon_is_up_is_a_failure_with_its_status() {
    for point in BEFORE_UP {
        for status in [1, 42, 255] {
            let outcome = ordered_at(point, "exit", &status.to_string());
            let line = format!("puppet: daemon: ended with status {status} before it was ready");
            assert_eq!((outcome.failure(), outcome.status.code()), (line.as_str(), Some(status)));
        }
    }
}

#[test]
fn exit_with_0_before_the_daemon_is_up_is_said_too() {
    for point in BEFORE_UP {
        let outcome = ordered_at(point, "exit", "0");
        // The status is the daemon's own, whatever it is.
        assert_eq!(outcome.status.code(), Some(0));
        assert_eq!(outcome.stderr, b"puppet: daemon: ended with status 0 before it was ready\n");
    }
}

#[test]
fn panic_before_the_daemon_is_up_reaches_the_terminal() {
    for point in BEFORE_UP {
        assert_panicked("puppet", &ordered_at(point, "panic", "the sky fell"));
    }
}

#[test]
fn panic_without_a_text_has_its_place() {
    let case = Case::new();
    let outcome = before_ready(&case, "panics-without-text").run();
    let begin = "before_ready: daemon: panicked at tests/programs/before_ready.rs:";
    assert_has_place(outcome.failure(), begin, "");
    case.wait_until_empty();
}

/// A thread of a daemon has panicked amid a line, and then the start came to its end, with these lines.
#[track_caller]
fn assert_thread_panicked(outcome: &Outcome, last: &[&str]) {
    let text = String::from_utf8_lossy(&outcome.stderr);
    let lines: Vec<_> = text.lines().collect();
    let [amid, panic, rest @ ..] = &lines[..] else { panic!("{text}") };
    let begin = "before_ready: daemon: a thread panicked at tests/programs/before_ready.rs:";
    assert_eq!(*amid, "no end of a line");
    assert_has_place(panic, begin, ": the sky fell");
    assert_eq!(rest, last);
    assert!(text.ends_with('\n'), "{text}");
}

#[test]
fn panic_of_a_thread_is_a_line_of_its_own() {
    let case = Case::new();
    let parent = before_ready(&case, "thread-panics").spawn();
    case.puppet().go();
    let outcome = parent.wait();
    assert!(outcome.status.success(), "{outcome:?}");
    assert_thread_panicked(&outcome, &[]);

    let parent = before_ready(&case, "thread-panics").spawn();
    case.puppet().order("exit", "3");
    let line = "before_ready: daemon: ended with status 3 before it was ready";
    assert_thread_panicked(&parent.wait(), &[line]);

    let outcome = before_ready(&case, "thread-panics").arg("2000").run();
    assert_thread_panicked(&outcome, &["before_ready: daemon: not ready within 2 s, ended"]);
    case.wait_until_empty();
}

#[test]
fn backtrace_is_printed_with_the_text_of_the_panic() {
    let case = Case::new();
    let parent = case.program(program!("puppet")).env("STOPS=body").env("RUST_BACKTRACE=1").spawn();
    case.puppet().order("panic", "the sky fell");
    let outcome = parent.wait();
    let text = String::from_utf8_lossy(&outcome.stderr);
    for part in ["stack backtrace", "the sky fell"] {
        assert_eq!(text.matches(part).count(), 1, "{text}");
    }
    // The parent has no more to say than that.
    assert!(text.ends_with("\npuppet: daemon: panicked\n"), "{text}");
    case.wait_until_empty();
    // Nobody asked for one; or it would go where nobody sees it.
    let table = [
        ("puppet", program!("puppet"), "RUST_BACKTRACE=0"),
        ("captured", program!("captured"), "RUST_BACKTRACE=1"),
    ];
    for (name, program, backtrace) in table {
        let parent = case.program(program).env("STOPS=body").env(backtrace).spawn();
        case.puppet().order("panic", "the sky fell");
        assert_panicked(name, &parent.wait());
    }
    case.wait_until_empty();
}

#[test]
fn panic_that_aborts_reaches_the_terminal() {
    let case = Case::new();
    // As with `panic = "abort"`: the process is gone when the hook returns.
    let parent = before_ready(&case, "aborts").spawn();
    case.puppet().order("panic", "the sky fell");
    assert_panicked("before_ready", &parent.wait());
    case.wait_until_empty();
}

#[test]
fn exhausted_memory_reaches_the_terminal() {
    let case = Case::new();
    let outcome = before_ready(&case, "no-memory").run();
    let text = String::from_utf8_lossy(&outcome.stderr);
    assert!(text.starts_with("memory allocation of 1099511627776 bytes failed\n"), "{text}");
    let line = "before_ready: daemon: killed by signal 6 (SIGABRT) before it was ready\n";
    assert!(text.ends_with(line) && text.matches("daemon").count() == 1, "{text}");
    assert_eq!(outcome.status.code(), Some(134));
    case.wait_until_empty();
}

#[test]
fn death_by_a_signal_before_the_daemon_is_up_reaches_the_terminal() {
    // While a daemon settles all signals are blocked, but this one cannot be.
    let deaths = [
        ("daemon's values", Signal::SIGKILL),
        ("body", Signal::SIGKILL),
        ("body", Signal::SIGTERM),
        ("body", Signal::SIGABRT),
        ("body", Signal::SIGSEGV),
    ];
    for (point, signal) in deaths {
        let number = signal as i32;
        let outcome = ordered_at(point, "raise", &number.to_string());
        let line = format!("puppet: daemon: killed by signal {number} ({signal}) before it was ready");
        assert_eq!((outcome.failure(), outcome.status.code()), (line.as_str(), Some(128 + number)));
    }
}

#[test]
fn daemon_that_is_killed_from_outside_reaches_the_terminal() {
    let case = Case::new();
    let (parent, daemon) = stopped_at(&case, "body");
    daemon.process().signal(Signal::SIGKILL);
    assert!(parent.wait().failure().starts_with("puppet: daemon: killed by signal 9 (SIGKILL)"));
    case.wait_until_empty();
}

#[test]
fn killed_first_child_is_a_clear_error_and_ends_the_start() {
    for point in BEFORE_UP {
        let case = Case::new();
        let (parent, daemon) = stopped_at(&case, point);
        Process(daemon.number("ppid")).signal(Signal::SIGKILL);
        assert_eq!(parent.wait().failure(), "puppet: first child: killed by signal 9 (SIGKILL)");
        case.wait_until_empty();
    }
}

#[test]
fn panic_under_a_hook_of_the_program_is_a_panic() {
    // The first is seen by `Ready`, which it drops; the second by nothing but the end of `main`.
    for what in ["silent-hook", "silent-hook-after-drop"] {
        let case = Case::new();
        let outcome = before_ready(&case, what).run();
        assert_eq!(outcome.failure(), "before_ready: daemon: panicked");
        assert_eq!(outcome.status.code(), Some(70));
        case.wait_until_empty();
    }
}

#[test]
fn error_counts_when_the_first_child_is_killed_before_the_daemon_has_ended() {
    let case = Case::new();
    let parent = before_ready(&case, "slow-end").spawn();
    let daemon = case.puppet();
    assert_eq!(daemon.text("point"), "ending");
    Process(daemon.number("ppid")).signal(Signal::SIGKILL);
    let outcome = parent.wait();
    // Which status the daemon would have ended with, nobody knows.
    assert_eq!((outcome.failure(), outcome.status.code()), ("before_ready: daemon: no luck", Some(71)));
    case.wait_until_empty();
}

#[test]
fn error_after_ready_was_dropped_counts_however_long_the_first_child_takes() {
    let case = Case::new();
    let outcome = before_ready(&case, "late-error").run();
    assert_eq!((outcome.failure(), outcome.status.code()), ("before_ready: daemon: no luck", Some(1)));
    case.wait_until_empty();
}
