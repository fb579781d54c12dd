//! Whoever prints: it is in the file, and nowhere else.

use std::{fs, io::Write, os::unix::fs::symlink};

use nix::sys::{signal::Signal, wait::WaitStatus};
use support::{Case, Puppet, wait_for_end};

use crate::{ONE_FILE, TWO_FILES, is_one_open_file, printer, read, with};

/// What prints to both streams without a word of its own: the program by std and past it, a child, a thread's end.
const EVERYBODY: [&str; 4] = ["println=rust", "eprintln=rust", "c=c", "child=shell"];

/// The daemon that did all of this, and stopped; nothing of it appeared at the terminal.
#[track_caller]
fn silent_daemon(case: &Case, args: &[&str]) -> Puppet {
    let outcome = printer(case, args).run();
    outcome.assert_success();
    assert_eq!(outcome.stdout, b"");
    case.puppet()
}

#[test]
fn everything_printed_is_in_the_file_and_not_at_the_terminal() {
    // Before the daemon is up, and afterwards.
    let orders = [with(&EVERYBODY, &["ready", "stop=up"]), with(&["ready"], &with(&EVERYBODY, &["stop=up"]))];
    for actions in orders {
        let case = Case::new();
        let _daemon = silent_daemon(&case, &with(&ONE_FILE, &actions));
        assert_eq!(read(&case, "log"), "rust\nrust\nc\nc\nshell\nshell\n");
    }
}

#[test]
fn each_stream_has_its_own_file() {
    let case = Case::new();
    let actions = with(&["println=one", "eprintln=two"], &["c=c", "child=shell", "ready", "stop=up"]);
    let _daemon = silent_daemon(&case, &with(&TWO_FILES, &actions));
    assert_eq!(read(&case, "out"), "one\nc\nshell\n");
    assert_eq!(read(&case, "err"), "two\nc\nshell\n");
}

#[test]
fn equal_paths_are_one_open_file() {
    let case = Case::new();
    let mut daemon = silent_daemon(&case, &with(&ONE_FILE, &["ready", "stop=up"]));
    assert!(is_one_open_file(daemon.process(), || daemon.do_and_report("print", "a line")));
    assert_eq!(read(&case, "log"), "a line\n");
}

#[test]
fn two_spellings_of_one_path_lose_nothing() {
    for other in ["--stderr=./log", "--stderr=link/log"] {
        let case = Case::new();
        symlink(".", case.folder().join("link")).unwrap();
        let actions = ["println=one", "eprintln=two", "println=three", "ready", "stop=up"];
        let _daemon = silent_daemon(&case, &with(&["--stdout=log", other], &actions));
        assert_eq!(read(&case, "log"), "one\ntwo\nthree\n", "{other}");
    }
}

#[test]
fn what_the_file_held_stays() {
    let case = Case::new();
    fs::write(case.folder().join("log"), "of yesterday\n").unwrap();
    let actions = ["println=one", "eprintln=two", "ready", "stop=up"];
    let _daemon = silent_daemon(&case, &with(&ONE_FILE, &actions));
    assert_eq!(read(&case, "log"), "of yesterday\none\ntwo\n");
}

#[test]
fn what_others_append_stays() {
    let case = Case::new();
    let mut daemon = silent_daemon(&case, &with(&TWO_FILES, &["println=one", "ready", "stop=up"]));
    let mut other = fs::OpenOptions::new().append(true).open(case.folder().join("out")).unwrap();
    writeln!(other, "by another").unwrap();
    daemon.do_and_report("print", "two");
    assert_eq!(read(&case, "out"), "one\nby another\ntwo\n");
}

#[test]
fn file_that_was_emptied_is_filled_from_its_beginning() {
    let case = Case::new();
    let mut daemon = silent_daemon(&case, &with(&ONE_FILE, &["println=one", "ready", "stop=up"]));
    // As `copytruncate` of logrotate does.
    fs::write(case.folder().join("log"), "").unwrap();
    daemon.do_and_report("print", "two");
    assert_eq!(read(&case, "log"), "two\n");
}

#[test]
fn output_before_the_daemon_settles_goes_to_the_terminal() {
    let case = Case::new();
    let launch = printer(&case, &with(&ONE_FILE, &["println=later", "ready", "stop=up"])).env("EARLY=early");
    let outcome = launch.run();
    assert!(outcome.status.success() && outcome.stdout.is_empty(), "{outcome:?}");
    assert_eq!(String::from_utf8_lossy(&outcome.stderr), "early on stdout\nearly on stderr\n");
    let _daemon = case.puppet();
    assert_eq!(read(&case, "log"), "later\n");
}

#[test]
fn stream_without_a_file_leads_to_the_terminal_until_the_daemon_is_up() {
    let actions = ["println=one", "eprintln=two", "ready", "println=three", "eprintln=four", "stop=up"];
    let table = [("--stdout=log", 2, "two\n", "one\nthree\n"), ("--stderr=log", 1, "one\n", "two\nfour\n")];
    for (option, other, at_terminal, in_file) in table {
        let case = Case::new();
        let outcome = printer(&case, &with(&[option], &actions)).run();
        assert!(outcome.status.success() && outcome.stdout.is_empty(), "{outcome:?}");
        assert_eq!(String::from_utf8_lossy(&outcome.stderr), at_terminal);
        let descriptors = case.puppet().process().descriptors();
        assert_eq!(read(&case, "log"), in_file);
        assert!(descriptors[&other].is_null_device(), "{descriptors:?}");
    }
}

#[test]
fn panic_of_a_thread_is_in_the_file() {
    let case = Case::new();
    let _daemon = silent_daemon(&case, &with(&ONE_FILE, &["ready", "thread-panics", "stop=up"]));
    let text = read(&case, "log");
    assert!(text.contains("panicked at tests/programs/printer.rs:"), "{text}");
    assert_eq!(text.matches("a thread fell").count(), 1, "{text}");
}

/// How a daemon that is up has come to this end, and what its file holds then.
#[track_caller]
fn end_of(actions: &[&str], end: impl FnOnce(Puppet)) -> (WaitStatus, String) {
    let case = Case::new();
    let actions = with(&["ready", "stop=up"], actions);
    let daemon = silent_daemon(&case, &with(&ONE_FILE, &actions));
    let process = daemon.process();
    end(daemon);
    (wait_for_end(process.0), read(&case, "log"))
}

/// What the file of a daemon holds that has exited with this status.
#[track_caller]
fn exited(actions: &[&str], end: impl FnOnce(Puppet), wanted: i32) -> String {
    let (status, text) = end_of(actions, end);
    assert!(matches!(status, WaitStatus::Exited(_, status) if status == wanted), "{status:?}, {text}");
    text
}

#[track_caller]
fn aborted(action: &str) -> String {
    let (status, text) = end_of(&[action], Puppet::go);
    assert!(matches!(status, WaitStatus::Signaled(_, Signal::SIGABRT, _)), "{status:?}, {text}");
    text
}

#[test]
fn panic_of_main_is_in_the_file() {
    let text = exited(&[], |daemon| daemon.order("panic", "the sky fell"), 101);
    assert!(text.contains("panicked at tests/support/puppet.rs:"), "{text}");
    assert_eq!(text.matches("the sky fell").count(), 1, "{text}");
}

#[test]
fn error_of_main_is_in_the_file() {
    let text = exited(&[], |daemon| daemon.order("error", "no luck"), 1);
    assert_eq!(text, "Error: \"no luck\"\n");
}

#[test]
fn last_words_of_an_abort_are_in_the_file() {
    let text = aborted("no-memory");
    assert!(text.starts_with("memory allocation of 1099511627776 bytes failed\n"), "{text}");
    let text = aborted("overflow");
    assert!(text.contains("overflowed its stack"), "{text}");
}

#[test]
fn last_line_without_an_end_is_in_the_file() {
    assert_eq!(exited(&["println=one", "print=tw"], Puppet::go, 0), "one\ntw");
    // What is printed without an end is kept until there is one, or the end of the process.
    assert_eq!(exited(&["println=one", "print=tw", "exit=3"], Puppet::go, 3), "one\ntw");
}

#[test]
fn children_have_the_file_as_1_and_2_only() {
    let case = Case::new();
    let mut daemon = silent_daemon(&case, &with(&TWO_FILES, &["ready", "stop=up"]));
    daemon.do_and_report("helper", "sleep");
    let helper = case.process_named("sleep");
    // Before that it has its libraries open.
    helper.wait_until_asleep();
    let inherited = helper.descriptors();
    assert_eq!(inherited.keys().copied().collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(inherited[&1].target, case.folder().join("out"));
    assert_eq!(inherited[&2].target, case.folder().join("err"));
}

#[test]
fn all_that_the_daemon_holds_beside_its_streams_is_close_on_exec() {
    for paths in [ONE_FILE, TWO_FILES] {
        let case = Case::new();
        let daemon = silent_daemon(&case, &with(&paths, &["ready", "stop=up"]));
        let mut descriptors = daemon.process().descriptors();
        for number in [1, 2] {
            let flags = descriptors[&number].flags;
            let wanted = libc::O_WRONLY | libc::O_APPEND;
            let looked_at = libc::O_ACCMODE | libc::O_APPEND | libc::O_NONBLOCK | libc::O_CLOEXEC;
            assert_eq!(flags & looked_at, wanted, "{number}: {flags:o}");
        }
        assert!(descriptors[&0].is_null_device());
        descriptors.retain(|&number, _| number > 2);
        assert!(descriptors.values().all(|file| file.is_close_on_exec()), "{descriptors:?}");
        // The file itself is open nowhere else.
        assert!(descriptors.values().all(|file| !file.target.starts_with(case.folder())), "{descriptors:?}");
    }
}

#[test]
fn starts_with_any_of_0_1_2_closed() {
    for closed in 0..8 {
        let case = Case::new();
        let actions = ["println=one", "eprintln=two", "ready", "stop=up"];
        let mut launch = printer(&case, &with(&TWO_FILES, &actions));
        for number in (0..3).filter(|number| closed & (1 << number) != 0) {
            launch = launch.first(["close", &number.to_string()]);
        }
        let daemon = launch.daemon();
        assert_eq!([read(&case, "out"), read(&case, "err")], ["one\n", "two\n"], "{closed}");
        assert!(daemon.process().descriptors()[&0].is_null_device());
    }
}
