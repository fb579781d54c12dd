//! A child that the daemon forks has all that the daemon has, and is not the daemon.

use std::time::{Duration, Instant};

use support::{Case, Puppet, Running, wait_until};

use crate::before_ready;

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
