//! A start is whole, or it did not happen: whatever goes wrong before the daemon is up reaches the terminal, and leaves
//! nothing behind.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    fs::{self, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::{signal::Signal, stat::Mode},
    unistd::mkfifo,
};
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
    let expected =
        [("daemon's values", "puppet: daemon: points: no luck"), ("body", "puppet: daemon: no luck")];
    for (point, line) in expected {
        let outcome = ordered_at(point, "error", "no luck");
        assert_eq!((outcome.failure(), outcome.status.code()), (line, Some(1)));
    }
}

#[test]
fn causes_of_an_error_are_said_once_each() {
    let case = Case::new();
    let outcome = before_ready(&case, "causes").run();
    let line = "before_ready: daemon: cannot open the database: connection refused: nobody listens";
    assert_eq!((outcome.failure(), outcome.status.code()), (line, Some(1)));
    case.wait_until_empty();
}

/// Gives a daemon whose output is captured an order before it is ready.
fn captured_ordered(order: &str, what: &str) -> Outcome {
    let case = Case::new();
    let parent = case.program(program!("captured")).spawn();
    case.puppet().order(order, what);
    let outcome = parent.wait();
    case.wait_until_empty();
    outcome
}

#[test]
fn failure_reaches_the_terminal_past_captured_output() {
    let outcome = captured_ordered("error", "no luck");
    assert_eq!((outcome.failure(), outcome.status.code()), ("captured: daemon: no luck", Some(1)));
    let outcome = captured_ordered("exit", "42");
    let line = "captured: daemon: ended with status 42 before it was ready";
    assert_eq!((outcome.failure(), outcome.status.code()), (line, Some(42)));
    assert_panicked("captured", &captured_ordered("panic", "the sky fell"));
}

/// One line about a panic in the support library, with its text and place.
#[track_caller]
fn assert_panicked(program: &str, outcome: &Outcome) {
    let line = outcome.failure();
    let place = line
        .strip_prefix(&format!("{program}: daemon: panicked at tests/support/puppet.rs:"))
        .and_then(|line| line.strip_suffix(": the sky fell"));
    let is_place = |place: &str| place.split(':').filter(|number| number.parse::<u32>().is_ok()).count() == 2;
    assert!(place.is_some_and(is_place), "{line}");
    assert_eq!(outcome.status.code(), Some(70));
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
        assert_panicked("puppet", &ordered_at(point, "panic", "the sky fell"));
    }
}

#[test]
fn panic_that_aborts_reaches_the_terminal() {
    let case = Case::new();
    // As with `panic = "abort"`: the process is gone when the hook returns.
    let parent = before_ready(&case, "aborts").spawn();
    case.puppet().order("panic", "the sky fell");
    assert_panicked("before_ready", &parent.wait());
    case.wait_until_empty();
}

#[test]
fn exhausted_memory_reaches_the_terminal() {
    let case = Case::new();
    let outcome = before_ready(&case, "no-memory").run();
    let text = String::from_utf8_lossy(&outcome.stderr);
    assert!(text.starts_with("memory allocation of 1099511627776 bytes failed\n"), "{text}");
    let line = "before_ready: daemon: killed by signal 6 (SIGABRT) before it was ready\n";
    assert!(text.ends_with(line) && text.matches("daemon").count() == 1, "{text}");
    assert_eq!(outcome.status.code(), Some(134));
    case.wait_until_empty();
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
    stop(parent.process());
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

/// Stops a process until it gets SIGCONT.
fn stop(process: Process) {
    process.signal(Signal::SIGSTOP);
    wait_until("a process to stop", || (process.stat().state == 'T').then_some(()));
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

// The loader

/// A puppet whose parent has been loaded, and waits to start the first child. One of its libraries is in a folder of
/// its own; and before a copy looks there, it comes by a gate.
struct Loading {
    parent: Running,
    at_files: Option<Puppet>,
    program: PathBuf,
    library: PathBuf,
    gate: PathBuf,
}

impl Loading {
    fn start(case: &Case, limit: &str) -> Option<Self> {
        // This process needs it, and so does every program of these tests.
        let maps = fs::read_to_string("/proc/self/maps").unwrap();
        let Some(system) = maps.split_whitespace().find(|path| path.contains("/libgcc_s")) else {
            support::skip("this test is linked without libgcc_s");
            return None;
        };
        let [gates, libraries] = ["gates", "libraries"].map(|name| case.folder().join(name));
        [&gates, &libraries].into_iter().for_each(|folder| fs::create_dir(folder).unwrap());
        let name = Path::new(system).file_name().unwrap();
        let [gate, library] = [gates.join(name), libraries.join(name)];
        fs::copy(system, &library).unwrap();
        let puppet = case.program(program!("puppet"));
        let program = puppet.path().to_owned();
        let path = format!("LD_LIBRARY_PATH={}:{}", gates.display(), libraries.display());
        let parent = puppet.env(path).env("STOPS=files").env(format!("LIMIT={limit}")).spawn();
        Some(Self { parent, at_files: Some(case.puppet()), program, library, gate })
    }

    /// Lets the parent start the first child.
    fn go(&mut self) {
        self.at_files.take().unwrap().go();
    }

    /// Makes every copy stop until the gate is opened for it.
    fn close_gate(&self) {
        mkfifo(&self.gate, Mode::S_IRWXU).unwrap();
    }

    /// Lets a copy through when it has come.
    fn open_gate(&self) {
        let gate = wait_until("a copy to come to the gate", || {
            OpenOptions::new().write(true).custom_flags(libc::O_NONBLOCK).open(&self.gate).ok()
        });
        // The beginning of a library for 32 bits, with which the loader goes on to the next folder.
        let mut beginning = [0; 128];
        beginning[..7].copy_from_slice(b"\x7fELF\x01\x01\x01");
        (&gate).write_all(&beginning).unwrap();
    }

    /// Replaces the library by an empty file.
    fn break_library(&self) {
        // The parent has the other one in its memory.
        fs::remove_file(&self.library).unwrap();
        fs::write(&self.library, "").unwrap();
    }

    /// The loader's own words and one line of the parent.
    #[track_caller]
    fn assert_fails(self, line: &str, status: i32) {
        let [program, library] = [&self.program, &self.library].map(|path| path.display());
        let words = format!("{program}: error while loading shared libraries: {library}: file too short");
        let outcome = self.parent.wait();
        assert_eq!(String::from_utf8_lossy(&outcome.stderr), format!("{words}\n{line}\n"));
        assert_eq!(outcome.status.code(), Some(status));
    }
}

#[test]
fn library_that_the_first_child_cannot_load_reaches_the_terminal() {
    let case = Case::new();
    let Some(mut loading) = Loading::start(&case, AN_HOUR) else { return };
    loading.break_library();
    loading.go();
    loading.assert_fails("puppet: first child: ended with status 127", 71);
    case.wait_until_empty();
}

#[test]
fn library_that_the_daemon_cannot_load_reaches_the_terminal() {
    let case = Case::new();
    let Some(mut loading) = Loading::start(&case, AN_HOUR) else { return };
    loading.close_gate();
    loading.go();
    loading.open_gate();
    wait_until("the daemon", || (case.processes().len() == 3).then_some(()));
    loading.break_library();
    loading.open_gate();
    loading.assert_fails("puppet: daemon: ended with status 127 before it was ready", 127);
    case.wait_until_empty();
}

#[test]
fn copy_that_the_loader_keeps_is_ended_when_its_time_is_over() {
    for loaded in 0..2 {
        let case = Case::new();
        let Some(mut loading) = Loading::start(&case, "2000") else { return };
        loading.close_gate();
        loading.go();
        (0..loaded).for_each(|_| loading.open_gate());
        let outcome = loading.parent.wait();
        assert_eq!(outcome.failure(), "puppet: daemon: not ready within 2 s, ended");
        assert_eq!(outcome.status.code(), Some(75));
        case.wait_until_empty();
    }
}

// What is printed

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
