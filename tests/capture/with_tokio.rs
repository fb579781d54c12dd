//! Readers that are the business of an event loop.

use std::fs;

use nix::sys::wait::WaitStatus;
use support::{Case, program, wait_for_end};

#[track_caller]
fn seen(what: &str) -> String {
    let case = Case::new();
    case.program(program!("async_reader")).arg(what).daemon().text("seen").to_owned()
}

#[test]
fn reader_waits_for_lines_in_an_event_loop() {
    assert_eq!(seen("read-as-it-is"), "ginning\nand the end\nno end");
}

#[test]
fn raw_pipe_is_read_by_an_event_loop() {
    assert_eq!(seen("read-as-a-pipe"), "first\nbeginning\nand the end\nno end");
}

#[test]
fn print_after_the_reader_of_an_event_loop_was_dropped_succeeds() {
    assert_eq!(seen("drop-as-it-is"), "printed");
}

#[test]
fn child_that_prints_after_the_reader_of_an_event_loop_was_dropped_succeeds() {
    assert_eq!(seen("drop-before-child"), "exit status: 0");
}

/// The example itself: a reader as it is, and a raw pipe with a codec.
#[test]
fn example_has_every_line_of_both_streams_in_its_log() {
    let case = Case::new();
    let temporary = format!("TMPDIR={}", case.folder().to_str().unwrap());
    let outcome = case.program(program!("capture_with_tokio")).env(temporary).run();
    outcome.assert_success();
    let said = String::from_utf8(outcome.stdout).unwrap();
    let pid = said.split(' ').nth(1).and_then(|pid| pid.parse().ok()).unwrap();
    assert!(matches!(wait_for_end(pid), WaitStatus::Exited(_, 0)));
    let log = fs::read_to_string(case.folder().join("capture_with_tokio.log")).unwrap();
    let of = |stream: &str| log.lines().filter_map(|line| line.strip_prefix(stream)).collect::<Vec<_>>();
    assert_eq!(of("out: "), ["this is number 1", "this is number 2", "this is number 3"]);
    assert_eq!(of("err: "), ["and this goes another way"; 3]);
    assert_eq!(log.lines().count(), 6);
}
