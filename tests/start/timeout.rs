//! `start_timeout`: a daemon that takes too long is ended.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use support::{Case, Process, program, wait_until};

use crate::{AN_HOUR, BEFORE_UP, before_ready, beside_each_other};

#[test]
fn daemon_that_is_not_ready_in_time_is_ended() {
    beside_each_other(BEFORE_UP, |point| {
        let case = Case::new();
        let begin = Instant::now();
        let parent = case.program(program!("puppet")).env("LIMIT=500").env(format!("STOPS={point}")).spawn();
        let outcome = parent.wait();
        assert_eq!(outcome.failure(), "puppet: daemon: not ready within 0.5 s, ended");
        assert_eq!((outcome.status.code(), outcome.stdout.as_slice()), (Some(75), b"".as_slice()));
        assert!(begin.elapsed() >= Duration::from_millis(500), "ended too early");
        case.wait_until_empty();
    });
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
    beside_each_other([("1500", 75), (AN_HOUR, 70)], |(limit, status)| {
        let case = Case::new();
        let parent = before_ready(&case, "slow-end").arg(limit).spawn();
        let daemon = case.puppet();
        assert_eq!(daemon.text("point"), "ending");
        let outcome = parent.wait();
        let line = "before_ready: daemon: no luck";
        assert_eq!((outcome.failure(), outcome.status.code()), (line, Some(status)));
        case.wait_until_empty();
    });
}

#[test]
fn stopped_parent_takes_a_daemon_that_was_up_before_it_looked() {
    let case = Case::new();
    let begin = Instant::now();
    let parent = case.program(program!("puppet")).env("LIMIT=3000").env("STOPS=body,up").spawn();
    let daemon = case.puppet();
    let (process, first_child) = (daemon.process(), Process(daemon.number("ppid")));
    parent.process().stop();
    daemon.go();
    first_child.wait_until_dead();
    wait_until("the time to be over", || (begin.elapsed() > Duration::from_secs(3)).then_some(()));
    parent.process().signal(Signal::SIGCONT);
    parent.wait().assert_success();
    assert_eq!(case.puppet().process(), process);
}

#[test]
fn stopped_parent_tells_how_the_daemon_ended_before_it_looked() {
    beside_each_other([true, false], |by_itself| {
        let case = Case::new();
        let parent = case.program(program!("puppet")).env("LIMIT=1500").env("STOPS=body").spawn();
        let daemon = case.puppet();
        let begin = Instant::now();
        let (process, first_child) = (daemon.process(), Process(daemon.number("ppid")));
        parent.process().stop();
        let line = if by_itself {
            daemon.order("exit", "42");
            process.wait_until_dead();
            "puppet: daemon: ended with status 42 before it was ready"
        } else {
            first_child.signal(Signal::SIGKILL);
            "puppet: first child: killed by signal 9 (SIGKILL)"
        };
        first_child.wait_until_dead();
        let enough = Duration::from_millis(1500);
        wait_until("the time to be over", || (begin.elapsed() > enough).then_some(()));
        parent.process().signal(Signal::SIGCONT);
        assert_eq!(parent.wait().failure(), line);
        case.wait_until_empty();
    });
}
