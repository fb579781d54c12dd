//! A start is whole, or it did not happen: whatever goes wrong before the daemon is up reaches the terminal, and leaves
//! nothing behind.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    fs,
    io::{self, Read},
    thread,
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;
use support::{Case, Launch, Outcome, Process, Puppet, Running, Terminal, program, wait_until};

/// Starts a puppet, up to this point.
fn stopped_at(case: &Case, point: &str) -> (Running, Puppet) {
    let parent = case.program(program!("puppet")).env(format!("STOPS={point}")).spawn();
    (parent, case.puppet())
}

/// Gives a puppet an order at this point, and sees how the start goes.
fn ordered_at(point: &str, order: &str, what: &str) -> Outcome {
    let case = Case::new();
    let (parent, puppet) = stopped_at(&case, point);
    puppet.order(order, what);
    let outcome = parent.wait();
    assert_eq!(outcome.stdout, b"", "the parent thinks that the daemon is up");
    case.wait_until_empty();
    outcome
}

/// The points that a daemon passes before it is up.
const BEFORE_UP: [&str; 2] = ["daemon's values", "body"];

// Errors

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
    for point in BEFORE_UP {
        let outcome = ordered_at(point, "error", "no luck");
        let line = outcome.failure();
        assert!(line.starts_with("puppet: daemon: ") && line.ends_with("no luck"), "{line}");
        assert_eq!(line.matches("no luck").count(), 1, "{line}");
    }
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
        let outcome = ordered_at(point, "panic", "the sky fell");
        assert!(outcome.status.code().is_some_and(|code| code != 0), "{outcome:?}");
        let text = String::from_utf8(outcome.stderr.clone()).unwrap();
        assert_eq!(text.matches("the sky fell").count(), 1, "{text}");
        assert!(text.lines().last().is_some_and(|line| line.starts_with("puppet: daemon: ")), "{text}");
    }
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

/// The program that does this before it is ready.
fn before_ready<'case>(case: &'case Case, what: &str) -> Launch<'case> {
    case.program(program!("before_ready")).arg(what)
}

#[test]
fn panic_under_a_hook_of_the_program_is_a_panic() {
    let case = Case::new();
    let outcome = before_ready(&case, "silent-hook").run();
    assert_eq!(outcome.failure(), "before_ready: daemon: panicked");
    assert_eq!(outcome.status.code(), Some(70));
    case.wait_until_empty();
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

// A child that the program forks

/// Starts a daemon whose forked child came to this end, with this status and this text at the terminal.
fn with_child(case: &Case, what: &str, status: i32) -> (Running, Puppet) {
    let parent = before_ready(case, &format!("child-{what}")).spawn();
    let daemon = case.puppet();
    assert_eq!(daemon.text("point"), "forked");
    let child = daemon.text("child");
    assert!(child.starts_with("Exited(") && child.ends_with(&format!(", {status})")), "{what}: {child}");
    (parent, daemon)
}

const ENDS_OF_CHILDREN: [(&str, i32); 5] =
    [("drops", 0), ("notifies", 0), ("fails", 1), ("returns", 1), ("panics", 101)];

#[test]
fn end_of_a_forked_child_is_not_that_of_the_daemon() {
    for (what, status) in ENDS_OF_CHILDREN {
        let case = Case::new();
        let (parent, daemon) = with_child(&case, what, status);
        daemon.go();
        let outcome = parent.wait();
        assert!(outcome.status.success(), "{what}: {outcome:?}");
        let up = case.puppet();
        assert_eq!((up.text("point"), up.text("stage")), ("up", "daemon"));
        // What std prints of it is all that is printed.
        let text = String::from_utf8_lossy(&outcome.stderr);
        assert!(!text.contains("daemon: "), "{what}: {text}");
    }
}

#[test]
fn words_of_a_forked_child_are_not_those_of_the_daemon() {
    for (what, status) in ENDS_OF_CHILDREN {
        let case = Case::new();
        let (parent, daemon) = with_child(&case, what, status);
        // As a panic, or as an error that `main` returns, would end it.
        daemon.order("exit", "101");
        let outcome = parent.wait();
        assert_eq!(outcome.status.code(), Some(101), "{what}: {outcome:?}");
        let text = String::from_utf8_lossy(&outcome.stderr);
        let line = "before_ready: daemon: ended with status 101 before it was ready\n";
        assert!(text.ends_with(line), "{what}: {text}");
        case.wait_until_empty();
    }
}

#[test]
fn ready_that_a_forked_child_drops_sets_no_deadline() {
    let case = Case::new();
    let (parent, daemon) = with_child(&case, "drops", 0);
    let begin = Instant::now();
    let enough = Duration::from_millis(2500);
    wait_until("more time than there is after a drop", || (begin.elapsed() > enough).then_some(()));
    daemon.go();
    parent.wait().assert_success();
    assert_eq!(case.puppet().text("point"), "up");
}

// A limit of time

/// Long enough for a start on any machine.
const AN_HOUR: &str = "3600000";

#[test]
fn daemon_that_is_not_ready_in_time_is_ended() {
    for point in BEFORE_UP {
        let case = Case::new();
        let begin = Instant::now();
        let parent = case.program(program!("puppet")).env("LIMIT=500").env(format!("STOPS={point}")).spawn();
        let outcome = parent.wait();
        assert_eq!(outcome.failure(), "puppet: daemon: not ready within 0.5 s, ended");
        assert_eq!((outcome.status.code(), outcome.stdout.as_slice()), (Some(75), b"".as_slice()));
        assert!(begin.elapsed() >= Duration::from_millis(500), "ended too early");
        case.wait_until_empty();
    }
}

#[test]
fn no_time_at_all_is_too_little() {
    let case = Case::new();
    let parent = case.program(program!("puppet")).env("LIMIT=0").env("STOPS=body").spawn();
    let outcome = parent.wait();
    assert_eq!(outcome.failure(), "puppet: daemon: not ready within 0 s, ended");
    assert_eq!(outcome.status.code(), Some(75));
    case.wait_until_empty();
}

#[test]
fn daemon_that_is_ready_in_time_is_not_limited() {
    // Also if the limit is further away than any clock shows.
    for limit in [AN_HOUR, &u64::MAX.to_string()] {
        let case = Case::new();
        let program = case.program(program!("puppet")).env(format!("LIMIT={limit}")).env("STOPS=body,up");
        let parent = program.spawn();
        case.puppet().go();
        parent.wait().assert_success();
        assert_eq!(case.puppet().text("point"), "up");
    }
}

#[test]
fn daemon_that_fails_in_time_fails_as_ever() {
    let case = Case::new();
    let parent = case.program(program!("puppet")).env(format!("LIMIT={AN_HOUR}")).env("STOPS=body").spawn();
    case.puppet().order("exit", "42");
    let line = "puppet: daemon: ended with status 42 before it was ready";
    assert_eq!(parent.wait().failure(), line);
    case.wait_until_empty();
}

#[test]
fn daemon_that_will_not_end_is_killed_when_its_time_is_over() {
    let case = Case::new();
    let outcome = before_ready(&case, "deaf").arg("100").run();
    assert_eq!(outcome.failure(), "before_ready: daemon: not ready within 0.1 s, ended");
    assert_eq!(outcome.status.code(), Some(75));
    case.wait_until_empty();
}

#[test]
fn daemon_that_has_left_the_group_is_ended_when_its_time_is_over() {
    let case = Case::new();
    let outcome = before_ready(&case, "leaves-group").arg("500").run();
    assert_eq!(outcome.failure(), "before_ready: daemon: not ready within 0.5 s, ended");
    case.wait_until_empty();
}

#[test]
fn error_is_told_though_the_time_is_over_before_the_daemon_has_ended() {
    // The second has two seconds after it has dropped `Ready`.
    for (limit, status) in [("1500", 75), (AN_HOUR, 70)] {
        let case = Case::new();
        let parent = before_ready(&case, "slow-end").arg(limit).spawn();
        let daemon = case.puppet();
        assert_eq!(daemon.text("point"), "ending");
        let outcome = parent.wait();
        let line = "before_ready: daemon: no luck";
        assert_eq!((outcome.failure(), outcome.status.code()), (line, Some(status)));
        case.wait_until_empty();
    }
}

#[test]
fn stopped_parent_takes_a_daemon_that_was_up_before_it_looked() {
    let case = Case::new();
    let begin = Instant::now();
    let parent = case.program(program!("puppet")).env("LIMIT=3000").env("STOPS=body,up").spawn();
    let daemon = case.puppet();
    let (process, first_child) = (daemon.process(), Process(daemon.number("ppid")));
    parent.process().signal(Signal::SIGSTOP);
    wait_until("the parent to stop", || (parent.process().stat().state == 'T').then_some(()));
    daemon.go();
    wait_until("the end of the first child", || (!first_child.is_alive()).then_some(()));
    wait_until("the time to be over", || (begin.elapsed() > Duration::from_secs(3)).then_some(()));
    parent.process().signal(Signal::SIGCONT);
    parent.wait().assert_success();
    assert_eq!(case.puppet().process(), process);
}

// The end of the parent

#[test]
fn killed_parent_leaves_no_daemon() {
    for point in BEFORE_UP {
        for signal in [Signal::SIGKILL, Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
            let case = Case::new();
            let (parent, _daemon) = stopped_at(&case, point);
            parent.process().signal(signal);
            parent.wait().assert_killed(signal);
            case.wait_until_empty();
        }
    }
}

#[test]
fn interrupt_at_the_terminal_leaves_no_daemon() {
    let case = Case::new();
    let mut terminal = Terminal::new();
    let parent = case.program(program!("puppet")).on(&terminal).env("STOPS=body").spawn();
    let _daemon = case.puppet();
    terminal.write(b"\x03");
    parent.wait().assert_killed(Signal::SIGINT);
    case.wait_until_empty();
}

#[test]
fn closed_terminal_leaves_no_daemon() {
    let case = Case::new();
    let terminal = Terminal::new();
    let parent = case.program(program!("puppet")).on(&terminal).env("STOPS=body").spawn();
    let _daemon = case.puppet();
    drop(terminal);
    parent.wait().assert_killed(Signal::SIGHUP);
    case.wait_until_empty();
}

#[test]
fn stopped_parent_goes_on_when_continued() {
    let case = Case::new();
    let (parent, daemon) = stopped_at(&case, "body");
    let process = daemon.process();
    parent.process().signal(Signal::SIGSTOP);
    wait_until("the parent to stop", || (parent.process().stat().state == 'T').then_some(()));
    daemon.go();
    // It says that it is up, and waits for the parent's word.
    wait_until("the daemon to sleep", || (process.stat().state == 'S').then_some(()));
    parent.process().signal(Signal::SIGCONT);
    parent.wait().assert_success();
}

#[test]
fn daemon_that_is_killed_before_the_confirmation_takes_its_helpers_along() {
    let case = Case::new();
    let (parent, mut daemon) = stopped_at(&case, "body");
    daemon.do_and_report("helper", "sleep");
    let (process, first_child) = (daemon.process(), Process(daemon.number("ppid")));
    parent.process().signal(Signal::SIGSTOP);
    wait_until("the parent to stop", || (parent.process().stat().state == 'T').then_some(()));
    daemon.go();
    // It has said that it is up, and the first child's part is done.
    wait_until("the end of the first child", || (!first_child.is_alive()).then_some(()));
    process.signal(Signal::SIGKILL);
    wait_until("the end of the daemon", || (!process.is_alive()).then_some(()));
    parent.process().signal(Signal::SIGCONT);
    let outcome = parent.wait();
    assert_eq!(outcome.failure(), "puppet: daemon: ended while its start was confirmed");
    assert_eq!(outcome.status.code(), Some(71));
    case.wait_until_empty();
}

// What is printed

#[test]
fn nothing_of_a_start_that_went_well_is_printed() {
    let case = Case::new();
    let outcome = case.program(program!("witness")).run();
    outcome.assert_success();
    assert_eq!(outcome.stdout, b"");
}

#[test]
fn log_that_the_program_has_put_in_place_of_its_output_stays() {
    for (what, text) in [("redirect", "before\nstdout\nstderr\n"), ("redirect-stderr", "before\nstderr\n")] {
        let case = Case::new();
        let outcome = before_ready(&case, what).run();
        outcome.assert_success();
        let descriptors = case.puppet().process().descriptors();
        assert_eq!(fs::read_to_string(case.folder().join("log")).unwrap(), text);
        // What it has left alone is let go as ever.
        assert_eq!(descriptors[&1].is_null_device(), what == "redirect-stderr", "{descriptors:?}");
        assert!(!descriptors[&2].is_null_device(), "{descriptors:?}");
    }
}

#[test]
fn helper_that_prints_for_ever_does_not_keep_the_parent() {
    let case = Case::new();
    let (mut stderr, theirs) = io::pipe().unwrap();
    let program = before_ready(&case, "noisy-helper").stdin(theirs);
    let parent = program.first(["copy", "0", "2", "open", "0", "/dev/null"]).spawn();
    // Somebody who reads far more slowly than the helper prints.
    let slow = thread::spawn(move || {
        while stderr.read(&mut [0; 1024]).unwrap() > 0 {
            thread::sleep(Duration::from_millis(1));
        }
    });
    parent.wait().assert_success();
    slow.join().unwrap();
    let daemon = case.puppet();
    wait_until("the end of the helper", || (case.processes() == [daemon.process()]).then_some(()));
}

#[test]
fn panic_in_on_ready_does_not_undo_the_start() {
    let case = Case::new();
    // A `println!` into a pipe that nobody reads.
    let broken = ["pipe", "20", "copy", "21", "1", "close", "20", "close", "21"];
    let outcome = case.program(program!("puppet")).env("STOPS=up").first(broken).run();
    assert!(outcome.status.success(), "{outcome:?}");
    let text = String::from_utf8_lossy(&outcome.stderr);
    assert_eq!(text.matches("panicked at").count(), 1, "{text}");
    assert!(text.contains("Broken pipe"), "{text}");
    let mut daemon = case.puppet();
    daemon.do_and_report("status", "true");
    assert_eq!(case.processes(), [daemon.process()]);
}

// Many at once

#[test]
fn starts_at_the_same_time_do_not_disturb_each_other() {
    let case = Case::new();
    let parents: Vec<_> = (0..20).map(|_| case.program(program!("witness")).spawn()).collect();
    for parent in parents {
        parent.wait().assert_success();
    }
    let daemons: Vec<_> = (0..20).map(|_| case.puppet()).collect();
    let mut numbers: Vec<_> = daemons.iter().map(|daemon| daemon.process().0).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 20);
}
