//! Signals from outside: what ends the parent ends the daemon, and who was stopped goes on.

use nix::sys::signal::Signal;
use support::{Case, Process, Terminal, program, wait_until};

use crate::{BEFORE_UP, before_ready, stop, stopped_at};

#[test]
fn killed_parent_leaves_no_daemon() {
    for point in ["parent's values", "files"].into_iter().chain(BEFORE_UP) {
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
fn killed_parent_leaves_no_daemon_that_has_gone_its_own_way() {
    for what in ["leaves-group", "leaves-session"] {
        let case = Case::new();
        let parent = before_ready(&case, what).spawn();
        let daemon = case.puppet();
        assert_eq!(daemon.process().0, daemon.number("pgid"));
        parent.process().signal(Signal::SIGKILL);
        parent.wait().assert_killed(Signal::SIGKILL);
        case.wait_until_empty();
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
    stop(parent.process());
    daemon.go();
    // It says that it is up, and waits for the parent's word.
    wait_until("the daemon to sleep", || (process.stat().state == 'S').then_some(()));
    parent.process().signal(Signal::SIGCONT);
    parent.wait().assert_success();
}

#[test]
fn stopped_daemon_goes_on_when_continued() {
    let case = Case::new();
    let (parent, daemon) = stopped_at(&case, "body");
    let process = daemon.process();
    stop(process);
    daemon.go();
    process.signal(Signal::SIGCONT);
    parent.wait().assert_success();
}

#[test]
fn stopped_first_child_does_not_keep_the_start() {
    let case = Case::new();
    let parent = case.program(program!("puppet")).env("STOPS=body,up").spawn();
    let daemon = case.puppet();
    let first_child = Process(daemon.number("ppid"));
    stop(first_child);
    daemon.go();
    parent.wait().assert_success();
    let daemon = case.puppet();
    assert_eq!((daemon.text("point"), case.processes()), ("up", vec![daemon.process()]));
}

#[test]
fn stopped_first_child_ends_the_daemon_of_a_killed_parent_when_continued() {
    let case = Case::new();
    let (parent, daemon) = stopped_at(&case, "body");
    let first_child = Process(daemon.number("ppid"));
    stop(first_child);
    parent.process().signal(Signal::SIGKILL);
    parent.wait().assert_killed(Signal::SIGKILL);
    first_child.signal(Signal::SIGCONT);
    case.wait_until_empty();
}

#[test]
fn stopped_daemon_ends_with_its_killed_parent() {
    let case = Case::new();
    let (parent, daemon) = stopped_at(&case, "body");
    stop(daemon.process());
    parent.process().signal(Signal::SIGKILL);
    parent.wait().assert_killed(Signal::SIGKILL);
    case.wait_until_empty();
}

#[test]
fn daemon_that_is_killed_before_the_confirmation_takes_its_helpers_along() {
    let case = Case::new();
    let (parent, mut daemon) = stopped_at(&case, "body");
    daemon.do_and_report("helper", "sleep");
    let (process, first_child) = (daemon.process(), Process(daemon.number("ppid")));
    stop(parent.process());
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
