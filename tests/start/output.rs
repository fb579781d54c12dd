//! What is printed before the daemon is up, and after.

use std::{
    fs,
    io::{self, Read},
    os::fd::AsFd,
    thread,
    time::{Duration, Instant},
};

use nix::{
    fcntl::{FcntlArg, OFlag, fcntl},
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::signal::Signal,
};
use support::{Case, Outcome, Process, Puppet, Running, Terminal, program, wait_until};

use crate::{AN_HOUR, before_ready, much, stopped_at};

#[test]
fn output_of_the_start_appears_as_it_comes() {
    let case = Case::new();
    let mut terminal = Terminal::new();
    let parent = before_ready(&case, "prints").on(&terminal).spawn();
    let mut daemon = case.puppet();
    terminal.wait_for("on stdout\r\non stderr\r\n");
    daemon.do_and_report("print", "by order");
    terminal.wait_for("by order");
    daemon.go();
    parent.wait().assert_success();
}

#[test]
fn output_of_the_start_is_whole_and_ends_with_it() {
    let case = Case::new();
    let outcome = before_ready(&case, "prints-much").run();
    assert!(outcome.status.success() && outcome.stdout.is_empty(), "{outcome:?}");
    assert_all_printed(&outcome.stderr);
    // It has printed more since, and is as well as ever.
    assert_eq!(case.puppet().text("point"), "up");
}

/// What the daemon and its helper print before it is up, and nothing else.
#[track_caller]
fn assert_all_printed(stderr: &[u8]) {
    let text = str::from_utf8(stderr).unwrap();
    let printed_by =
        |who: &str| -> Vec<_> { text.lines().filter_map(|line| line.strip_prefix(who)).collect() };
    // More than any pipe holds, by the daemon and by a helper, in order, and not a byte from later.
    let expected: Vec<_> = (0..20_000).map(|number| format!("{number:030}")).collect();
    for who in ["stdout ", "stderr ", "helper "] {
        assert!(printed_by(who).iter().eq(&expected), "{who}");
    }
    assert_eq!(text.lines().count(), 3 * expected.len());
}

/// A daemon before it is ready, whose stopped parent has much to pass on.
fn behind(case: &Case, limit: &str) -> (Running, Puppet) {
    let limit = format!("LIMIT={limit}");
    let parent = case.program(program!("puppet")).env(limit).env("STOPS=body").spawn();
    let mut daemon = case.puppet();
    parent.process().stop();
    daemon.do_and_report("print", &much());
    (parent, daemon)
}

/// All of that appears, and this line.
#[track_caller]
fn assert_catches_up(parent: Running, line: &str) -> Outcome {
    parent.process().signal(Signal::SIGCONT);
    let outcome = parent.wait();
    // Too much to be shown when it differs.
    let stderr = &outcome.stderr;
    assert!(*stderr == format!("{}\n{line}", much()).into_bytes(), "{} bytes", stderr.len());
    outcome
}

#[test]
fn output_that_the_parent_has_not_read_when_the_daemon_is_up_appears_whole() {
    let case = Case::new();
    let (parent, daemon) = behind(&case, AN_HOUR);
    let first_child = Process(daemon.number("ppid"));
    daemon.go();
    first_child.wait_until_dead();
    assert_eq!(assert_catches_up(parent, "").status.code(), Some(0));
}

#[test]
fn output_that_the_parent_has_not_read_when_the_daemon_ends_appears_whole() {
    let case = Case::new();
    let (parent, daemon) = behind(&case, AN_HOUR);
    let first_child = Process(daemon.number("ppid"));
    daemon.order("exit", "3");
    first_child.wait_until_dead();
    assert_catches_up(parent, "puppet: daemon: ended with status 3 before it was ready\n");
    case.wait_until_empty();
}

#[test]
fn output_that_the_parent_has_not_read_when_the_time_is_over_appears_whole() {
    let case = Case::new();
    let (parent, _daemon) = behind(&case, "2000");
    let begin = Instant::now();
    let enough = Duration::from_secs(2);
    wait_until("the time to be over", || (begin.elapsed() > enough).then_some(()));
    assert_catches_up(parent, "puppet: daemon: not ready within 2 s, ended\n");
    case.wait_until_empty();
}

#[test]
fn output_is_whole_though_the_terminal_makes_nobody_wait() {
    let case = Case::new();
    let (mut stderr, theirs) = io::pipe().unwrap();
    // As another program may have left the terminal that both share.
    fcntl(&theirs, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
    let same = theirs.try_clone().unwrap();
    let program = before_ready(&case, "prints-much").stdin(theirs);
    let parent = program.first(["copy", "0", "2", "open", "0", "/dev/null"]).spawn();
    // Nobody reads before it is full, and the parent has seen that.
    wait_until("the parent to wait for the terminal", || {
        let mut asked = [PollFd::new(same.as_fd(), PollFlags::POLLOUT)];
        let is_full = poll(&mut asked, PollTimeout::ZERO) == Ok(0);
        (is_full && parent.process().stat().state == 'S').then_some(())
    });
    drop(same);
    let reader = thread::spawn(move || {
        let mut text = Vec::new();
        stderr.read_to_end(&mut text).map(|_| text)
    });
    parent.wait().assert_success();
    assert_all_printed(&reader.join().unwrap().unwrap());
}

#[test]
fn nothing_leads_to_the_terminal_when_the_daemon_has_said_that_it_is_up() {
    let case = Case::new();
    let (parent, daemon) = stopped_at(&case, "body");
    let (process, first_child) = (daemon.process(), Process(daemon.number("ppid")));
    parent.process().stop();
    daemon.go();
    // The first child hears it last.
    first_child.wait_until_dead();
    let descriptors = process.descriptors();
    assert!(descriptors[&1].is_null_device() && descriptors[&2].is_null_device(), "{descriptors:?}");
    parent.process().signal(Signal::SIGCONT);
    parent.wait().assert_success();
}

#[test]
fn end_of_time_is_a_line_of_its_own() {
    let case = Case::new();
    let outcome = before_ready(&case, "prints-amid-line").arg("2000").run();
    let text = "no end of a line\nbefore_ready: daemon: not ready within 2 s, ended\n";
    assert_eq!(String::from_utf8_lossy(&outcome.stderr), text);
    case.wait_until_empty();
}

#[test]
fn last_words_of_a_start_that_fails_appear_whole() {
    let case = Case::new();
    let outcome = before_ready(&case, "prints-and-exits").run();
    let line = "before_ready: daemon: ended with status 3 before it was ready";
    assert_eq!(String::from_utf8_lossy(&outcome.stderr), format!("on stdout\nno end of a line\n{line}\n"));
    assert_eq!((outcome.status.code(), outcome.stdout.as_slice()), (Some(3), b"".as_slice()));
    case.wait_until_empty();
}

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
