//! Signals from outside: what ends the parent ends the daemon, and who was stopped goes on.

use std::io::{self, Write};

use nix::{
    fcntl::{FcntlArg, fcntl},
    sys::signal::Signal,
};
use support::{Case, Process, Terminal, program, wait_until};

use crate::{BEFORE_UP, before_ready, beside_each_other, much, stopped_at};

#[test]
fn killed_parent_leaves_no_daemon() {
    let signals = [Signal::SIGKILL, Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP];
    beside_each_other(signals, |signal| {
        for point in ["parent's values", "files"].into_iter().chain(BEFORE_UP) {
            let case = Case::new();
            let (parent, _daemon) = stopped_at(&case, point);
            parent.process().signal(signal);
            parent.wait().assert_killed(signal);
            case.wait_until_empty();
        }
    });
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
    parent.process().stop();
    daemon.see_off();
    // It says that it is up, and waits for the parent's word.
    process.wait_until_asleep();
    parent.process().signal(Signal::SIGCONT);
    parent.wait().assert_success();
}

#[test]
fn stopped_daemon_goes_on_when_continued() {
    let case = Case::new();
    let (parent, daemon) = stopped_at(&case, "body");
    let process = daemon.process();
    process.stop();
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
    first_child.stop();
    daemon.go();
    let daemon = case.puppet();
    // The parent waits for its end, but keeps nobody from his work meanwhile.
    assert_eq!((daemon.text("point"), first_child.stat().state), ("up", 'T'));
    parent.wait().assert_success();
    assert_eq!(case.processes(), [daemon.process()]);
}

#[test]
fn stopped_first_child_ends_the_daemon_of_a_killed_parent_when_continued() {
    let case = Case::new();
    let (parent, daemon) = stopped_at(&case, "body");
    let first_child = Process(daemon.number("ppid"));
    first_child.stop();
    parent.process().signal(Signal::SIGKILL);
    parent.wait().assert_killed(Signal::SIGKILL);
    first_child.signal(Signal::SIGCONT);
    case.wait_until_empty();
}

#[test]
fn first_child_that_is_stopped_when_the_daemon_has_ended_does_not_keep_the_parent() {
    let case = Case::new();
    let parent = case.program(program!("tidies")).arg("deaf-helper").spawn();
    let daemon = case.puppet();
    let (process, first_child) = (daemon.process(), Process(daemon.number("ppid")));
    daemon.order("exit", "42");
    // It has reaped the daemon, and has the helper to end, which takes it a second.
    wait_until("the end of the daemon", || process.try_stat().is_none().then_some(()));
    first_child.wait_until_asleep();
    first_child.stop();
    let outcome = parent.wait();
    let line = "tidies: daemon: ended with status 42 before it was ready";
    assert_eq!((outcome.failure(), outcome.status.code()), (line, Some(42)));
    case.wait_until_empty();
}

#[test]
fn stopped_daemon_ends_with_its_killed_parent() {
    let case = Case::new();
    let (parent, daemon) = stopped_at(&case, "body");
    daemon.process().stop();
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
    parent.process().stop();
    daemon.go();
    // It has said that it is up, and the first child's part is done.
    first_child.wait_until_dead();
    process.signal(Signal::SIGKILL);
    process.wait_until_dead();
    parent.process().signal(Signal::SIGCONT);
    let outcome = parent.wait();
    assert_eq!(outcome.failure(), "puppet: daemon: ended while its start was confirmed");
    assert_eq!(outcome.status.code(), Some(71));
    case.wait_until_empty();
}

#[test]
fn daemon_that_is_killed_with_the_confirmation_unread_did_not_start() {
    let case = Case::new();
    let (parent, daemon) = stopped_at(&case, "body");
    let (process, first_child) = (daemon.process(), Process(daemon.number("ppid")));
    first_child.stop();
    parent.process().stop();
    daemon.see_off();
    // It has said that it is up, and is stopped before the answer comes.
    process.wait_until_asleep();
    process.stop();
    parent.process().signal(Signal::SIGCONT);
    // It has confirmed, and waits for the first child; in the end it kills that.
    parent.process().wait_until_asleep();
    process.signal(Signal::SIGKILL);
    let outcome = parent.wait();
    assert_eq!(outcome.failure(), "puppet: daemon: ended while its start was confirmed");
    assert_eq!((outcome.status.code(), outcome.stdout.as_slice()), (Some(71), b"".as_slice()));
    case.wait_until_empty();
}

#[test]
fn parent_that_waits_for_its_terminal_can_be_interrupted() {
    let case = Case::new();
    // Standard error has room for the first of what the parent passes on, and not for the rest.
    let (stderr, mut theirs) = io::pipe().unwrap();
    let room = fcntl(&theirs, FcntlArg::F_GETPIPE_SZ).unwrap().cast_unsigned() as usize;
    theirs.write_all(&vec![b'.'; room - 25_000]).unwrap();
    let program = case.program(program!("puppet")).env("STOPS=body").stdin(theirs);
    let parent = program.first(["copy", "0", "2", "open", "0", "/dev/null"]).spawn();
    let mut daemon = case.puppet();
    let first_child = Process(daemon.number("ppid"));
    parent.process().stop();
    daemon.do_and_report("print", &much());
    daemon.go();
    // The daemon has said that it is up, and the parent knows it when it waits.
    first_child.wait_until_dead();
    parent.process().signal(Signal::SIGCONT);
    parent.process().wait_until_asleep();
    parent.process().signal(Signal::SIGTERM);
    parent.process().wait_until_dead();
    // Held until here, so that nothing else has ended it.
    drop(stderr);
    parent.wait().assert_killed(Signal::SIGTERM);
    case.wait_until_empty();
}

#[test]
fn signal_that_the_daemon_handles_does_not_end_its_start() {
    let case = Case::new();
    let parent = before_ready(&case, "handles").spawn();
    let daemon = case.puppet();
    let process = daemon.process();
    parent.process().stop();
    daemon.see_off();
    // It has said that it is up, and waits for the parent's word.
    process.wait_until_asleep();
    process.interrupt(Signal::SIGUSR1);
    parent.process().signal(Signal::SIGCONT);
    parent.wait().assert_success();
    let daemon = case.puppet();
    assert_eq!((daemon.text("point"), daemon.process()), ("up", process));
}
