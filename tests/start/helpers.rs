//! What the daemon has started ends with it, however the start fails; and whoever has something to tidy up can do so:
//! SIGTERM comes before SIGKILL.

use nix::sys::signal::Signal;
use support::{Case, Launch, Process, program, wait_until};

use crate::{AN_HOUR, before_ready, beside_each_other};

/// How a start fails.
#[derive(Clone, Copy, Debug)]
enum Failure {
    DaemonEnds,
    /// The first child is alone with what the daemon has left.
    DaemonEndsAndParentIsKilled,
    FirstChildIsKilled,
    ParentIsKilled,
    TimeIsOver,
}

fn tidies<'case>(case: &'case Case, what: &str) -> Launch<'case> {
    case.program(program!("tidies")).arg(what)
}

/// Lets a start fail, sees that nobody is left, and says whether somebody has tidied up.
fn is_tidied(what: &str, failure: Failure) -> bool {
    let case = Case::new();
    let limit = if matches!(failure, Failure::TimeIsOver) { "2000" } else { AN_HOUR };
    let parent = tidies(&case, what).arg(limit).spawn();
    let daemon = case.puppet();
    let (process, first_child) = (daemon.process(), Process(daemon.number("ppid")));
    match failure {
        Failure::DaemonEnds => daemon.order("exit", "3"),
        Failure::DaemonEndsAndParentIsKilled => {
            parent.process().stop();
            daemon.order("exit", "3");
            process.wait_until_dead();
            parent.process().signal(Signal::SIGKILL);
        }
        Failure::FirstChildIsKilled => first_child.signal(Signal::SIGKILL),
        Failure::ParentIsKilled => parent.process().signal(Signal::SIGKILL),
        Failure::TimeIsOver => {}
    }
    let expected = match failure {
        Failure::DaemonEnds => Some(3),
        Failure::FirstChildIsKilled => Some(71),
        Failure::TimeIsOver => Some(75),
        Failure::ParentIsKilled | Failure::DaemonEndsAndParentIsKilled => None,
    };
    assert_eq!(parent.wait().status.code(), expected, "{failure:?}");
    case.wait_until_empty();
    case.folder().join("tidied").exists()
}

#[test]
fn daemon_may_tidy_up() {
    let failures = [Failure::FirstChildIsKilled, Failure::ParentIsKilled, Failure::TimeIsOver];
    beside_each_other(failures, |failure| assert!(is_tidied("by-signal", failure), "{failure:?}"));
}

#[test]
fn helper_may_tidy_up() {
    // Without its first child nobody would see when a helper has ended.
    let failures = [
        Failure::DaemonEnds,
        Failure::DaemonEndsAndParentIsKilled,
        Failure::ParentIsKilled,
        Failure::TimeIsOver,
    ];
    beside_each_other(failures, |failure| assert!(is_tidied("by-helper", failure), "{failure:?}"));
}

#[test]
fn helper_that_will_not_end_is_killed() {
    let failures = [
        Failure::DaemonEnds,
        Failure::DaemonEndsAndParentIsKilled,
        Failure::FirstChildIsKilled,
        Failure::ParentIsKilled,
        Failure::TimeIsOver,
    ];
    beside_each_other(failures, |failure| assert!(!is_tidied("deaf-helper", failure), "{failure:?}"));
}

#[test]
fn daemon_that_has_left_the_group_has_a_second() {
    assert!(is_tidied("slowly-elsewhere", Failure::TimeIsOver));
}

#[test]
fn daemon_that_has_left_the_group_has_no_more_than_a_second() {
    let case = Case::new();
    let outcome = before_ready(&case, "deaf-elsewhere").arg("500").run();
    assert_eq!(outcome.failure(), "before_ready: daemon: not ready within 0.5 s, ended");
    case.wait_until_empty();
}

#[test]
fn daemon_that_finds_its_parent_gone_ends_its_helpers_and_runs_its_exit_handlers() {
    let case = Case::new();
    let parent = tidies(&case, "at-exit").spawn();
    let mut daemon = case.puppet();
    daemon.do_and_report("helper", "sleep");
    let (process, first_child) = (daemon.process(), Process(daemon.number("ppid")));
    // Stopped, it cannot end the daemon, which has to find out by itself.
    first_child.stop();
    parent.process().signal(Signal::SIGKILL);
    parent.wait().assert_killed(Signal::SIGKILL);
    daemon.go();
    let ending = case.puppet();
    assert_eq!((ending.text("point"), ending.process()), ("ending", process));
    ending.go();
    wait_until("the end of daemon and helper", || (case.processes() == [first_child]).then_some(()));
    first_child.signal(Signal::SIGCONT);
    case.wait_until_empty();
}
