//! What is printed before the daemon is up, and after.

use std::{
    fs,
    io::{self, Read},
    thread,
    time::Duration,
};

use support::{Case, Terminal, program, wait_until};

use crate::before_ready;

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
    let text = String::from_utf8(outcome.stderr).unwrap();
    let printed_by =
        |who: &str| -> Vec<_> { text.lines().filter_map(|line| line.strip_prefix(who)).collect() };
    // More than any pipe holds, by the daemon and by a helper, in order, and not a byte from later.
    let expected: Vec<_> = (0..20_000).map(|number| format!("{number:030}")).collect();
    for who in ["stdout ", "stderr ", "helper "] {
        assert!(printed_by(who).iter().eq(&expected), "{who}");
    }
    assert_eq!(text.lines().count(), 3 * expected.len());
    // It has printed more since, and is as well as ever.
    assert_eq!(case.puppet().text("point"), "up");
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
