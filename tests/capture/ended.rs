//! The end of the process: what was printed before has been handed out, whichever way it ends, and nothing keeps it from
//! ending. And the end of the output alone.
//!
//! What might be lost only sometimes is tried 50 times, or as often as the variable `GODAEMON_RUNS` says (1000 for a
//! thorough look).

use std::{
    env,
    fs::{self, File},
    io::Write,
    path::PathBuf,
    time::{Duration, Instant},
};

use godaemon::PidFile;
use nix::{
    sys::{signal::Signal, stat::Mode, wait::WaitStatus},
    unistd::{Pid, mkfifo},
};
use support::{Case, Launch, Process, program, wait_for_end, wait_until};

/// How long the end of the process waits for forwarders.
const LAST_WORDS: Duration = Duration::from_secs(1);

fn runs() -> u32 {
    env::var("GODAEMON_RUNS").map_or(50, |runs| runs.parse().unwrap())
}

// The program

/// Who reads stdout, and who reads stderr.
type How = [&'static str; 2];

/// Forwarders that write each line at once.
const WRITE: How = ["write"; 2];

/// Forwarders that hold everything back until they are dropped.
const HOLD: How = ["hold"; 2];

/// Threads of the program's own.
const READ: How = ["read"; 2];

/// The program whose output is read in this way, and that does these things, one after the other.
fn launch<'case>(case: &'case Case, how: How, actions: &[&str]) -> Launch<'case> {
    actions.iter().fold(case.program(program!("last_words")).arg(how[0]).arg(how[1]), Launch::arg)
}

/// The same as a daemon. It may have ended by now.
#[track_caller]
fn start(case: &Case, how: How, actions: &[&str]) -> Process {
    let outcome = launch(case, how, actions).run();
    outcome.assert_success();
    Process(str::from_utf8(&outcome.stdout).unwrap().trim_end().parse().unwrap())
}

/// What came out of stdout and stderr.
fn logs(case: &Case) -> [String; 2] {
    ["stdout", "stderr"].map(|name| fs::read_to_string(case.folder().join(name)).unwrap())
}

/// The same, after the end of the process with this status.
#[track_caller]
fn logs_after(case: &Case, daemon: Process, status: i32) -> [String; 2] {
    let end = wait_for_end(daemon.0);
    let logs = logs(case);
    assert_eq!(end, WaitStatus::Exited(Pid::from_raw(daemon.0), status), "{logs:?}");
    logs
}

fn lines(number: usize) -> String {
    (0..number).map(|number| format!("line {number}\n")).collect()
}

// All that was printed

/// A way to end, the status that comes of it, and what the program says on stderr when it has done everything else.
struct Way {
    action: Option<&'static str>,
    status: i32,
    says: &'static [&'static str],
}

const RETURN: Way = Way { action: None, status: 0, says: &[] };
const ERROR: Way = Way { action: Some("error"), status: 1, says: &["Error: \"no luck\""] };
const PANIC: Way = Way {
    action: Some("panic"),
    status: 101,
    says: &["panicked at tests/programs/last_words.rs:", "the sky fell"],
};
const EXIT: Way = Way { action: Some("exit"), status: 3, says: &[] };
const EXIT_ELSEWHERE: Way = Way { action: Some("exit-elsewhere"), status: 3, says: &[] };

const WAYS: [Way; 5] = [RETURN, ERROR, PANIC, EXIT, EXIT_ELSEWHERE];

impl Way {
    /// What came out of stdout and stderr of a daemon that did these things before it took this way.
    #[track_caller]
    fn logs(&self, case: &Case, how: How, actions: &[&str]) -> [String; 2] {
        let daemon = start(case, how, &[actions, self.action.as_slice()].concat());
        logs_after(case, daemon, self.status)
    }

    /// What came out of stderr begins with all this, without an end, and goes on with what this way says.
    #[track_caller]
    fn assert_said(&self, stderr: &str, before: &str) {
        let Some(said) = stderr.strip_prefix(before) else { panic!("not all came out: {stderr}") };
        assert!(self.says.iter().all(|text| said.matches(text).count() == 1), "{said:?}");
        assert!(said.ends_with('\n') && self.says.is_empty() == (said == "\n"), "{said:?}");
    }
}

/// Prints to both streams, with a last line that has no end; then all of it comes out.
#[track_caller]
fn assert_nothing_is_lost(way: &Way, how: How, runs: u32) {
    let case = Case::new();
    let printed = lines(1000) + "last";
    for _ in 0..runs {
        let [stdout, stderr] = way.logs(&case, how, &["lines=1000", "print=last", "eprint=last"]);
        assert!(stdout == printed.clone() + "\n", "not all came out: {stdout}");
        way.assert_said(&stderr, &printed);
    }
}

#[test]
fn nothing_is_lost_when_main_returns() {
    assert_nothing_is_lost(&RETURN, WRITE, runs());
}

#[test]
fn nothing_is_lost_when_main_returns_an_error() {
    assert_nothing_is_lost(&ERROR, WRITE, runs());
}

#[test]
fn nothing_is_lost_when_main_panics() {
    assert_nothing_is_lost(&PANIC, WRITE, runs());
}

#[test]
fn nothing_is_lost_when_main_exits() {
    assert_nothing_is_lost(&EXIT, WRITE, runs());
}

#[test]
fn nothing_is_lost_when_another_thread_exits() {
    assert_nothing_is_lost(&EXIT_ELSEWHERE, WRITE, runs());
}

#[test]
fn closure_has_let_go_what_it_held_back() {
    for way in WAYS {
        assert_nothing_is_lost(&way, HOLD, 5);
    }
}

/// Another thread prints lines to stdout before, meanwhile and afterwards: its lines end somewhere, but are whole.
#[track_caller]
fn assert_nothing_is_lost_in_noise(way: &Way) {
    let case = Case::new();
    for _ in 0..runs() {
        // Whoever prints next ends a line of `print!`, so stdout has none here.
        let [stdout, stderr] = way.logs(&case, WRITE, &["noise", "lines=1000", "eprint=last"]);
        let (noise, others): (Vec<_>, Vec<_>) =
            stdout.split_inclusive('\n').partition(|line| line.starts_with("noise"));
        assert!(others.concat() == lines(1000), "not all came out: {stdout}");
        let wanted = (0..noise.len()).map(|number| format!("noise {number}\n"));
        assert!(!noise.is_empty() && wanted.eq(noise.iter().copied()), "not all came out: {stdout}");
        way.assert_said(&stderr, &(lines(1000) + "last"));
    }
}

#[test]
fn nothing_is_lost_when_main_returns_while_a_thread_prints() {
    assert_nothing_is_lost_in_noise(&RETURN);
}

#[test]
fn nothing_is_lost_when_main_panics_while_a_thread_prints() {
    assert_nothing_is_lost_in_noise(&PANIC);
}

#[test]
fn nothing_is_lost_when_main_exits_while_a_thread_prints() {
    assert_nothing_is_lost_in_noise(&EXIT);
}

#[test]
fn nothing_is_lost_when_another_thread_exits_while_a_third_prints() {
    assert_nothing_is_lost_in_noise(&EXIT_ELSEWHERE);
}

/// The end waits for the other one alone: mostly that takes less than the second that there is.
#[test]
fn nothing_of_the_other_stream_is_lost_when_a_closure_exits() {
    let case = Case::new();
    let (all, up_to_exit) = (lines(1000) + "last\n", lines(1000) + "exit\n");
    let table = [
        (["eprint=last", "println=exit"], [up_to_exit.as_str(), &all]),
        (["print=last", "eprintln=exit"], [all.as_str(), &up_to_exit]),
    ];
    for (actions, wanted) in table {
        let times = (0..runs()).map(|_| {
            let begin = Instant::now();
            let daemon = start(&case, WRITE, &[&["lines=1000"], &actions[..], &["wait"]].concat());
            assert_eq!(logs_after(&case, daemon, 3), wanted);
            begin.elapsed()
        });
        assert!(times.min().unwrap() < LAST_WORDS, "{actions:?}");
    }
}

#[test]
fn panic_of_a_closure_is_reported_though_the_process_ends() {
    for way in [RETURN, EXIT] {
        let case = Case::new();
        let [stdout, stderr] = way.logs(&case, WRITE, &["println=fall", "println=later"]);
        assert_eq!(stdout, "fall\nlater\n", "{:?}", way.action);
        assert!(stderr.contains("panicked at") && stderr.contains("\nthe closure fell\n"), "{stderr}");
    }
}

#[test]
fn what_c_holds_back_is_not_lost() {
    for way in WAYS {
        let case = Case::new();
        let [stdout, _] = way.logs(&case, WRITE, &["puts=by C"]);
        assert_eq!(stdout, "by C\n", "{:?}", way.action);
        let [_, stderr] = way.logs(&case, WRITE, &["merge", "puts=by C"]);
        assert!(stderr.ends_with("by C\n"), "{:?}: {stderr}", way.action);
    }
}

// Aborts

/// What came out of stdout and stderr before a daemon was aborted that had printed, and did this.
#[track_caller]
fn logs_of_abort(case: &Case, action: &str) -> [String; 2] {
    let daemon = start(case, WRITE, &["lines=1000", action]);
    let end = wait_for_end(daemon.0);
    let logs = logs(case);
    assert!(matches!(end, WaitStatus::Signaled(_, Signal::SIGABRT, _)), "{end:?}, {logs:?}");
    logs
}

#[test]
fn message_of_a_panic_is_out_before_an_abort() {
    let table: [(&str, u32, &[&str]); 3] = [
        ("panic-and-abort", runs(), &[]),
        ("panic-twice", 5, &["the earth shook", "panic in a destructor during cleanup"]),
        ("panic-in-c", 5, &["panic in a function that cannot unwind"]),
    ];
    for (action, runs, more) in table {
        let case = Case::new();
        for _ in 0..runs {
            let [stdout, stderr] = logs_of_abort(&case, action);
            assert!(stdout == lines(1000), "{action}: {stdout}");
            let Some(said) = stderr.strip_prefix(&lines(1000)) else { panic!("{action}: {stderr}") };
            for text in [PANIC.says, more].concat() {
                assert!(said.contains(text), "{action}: no {text:?} in {said}");
            }
        }
    }
}

// The end comes

#[test]
fn closure_that_never_returns_does_not_keep_the_process() {
    for way in [RETURN, EXIT] {
        let case = Case::new();
        let begin = Instant::now();
        // The other one is not the worse for it.
        let logs = way.logs(&case, ["write", "hold"], &["lines=1000", "eprint=last", "println=stick"]);
        assert!(begin.elapsed() < 10 * LAST_WORDS, "{:?}: {:?}", way.action, begin.elapsed());
        assert_eq!(logs, [lines(1000) + "stick\n", lines(1000) + "last\n"], "{:?}", way.action);
    }
}

#[test]
fn full_pipe_does_not_keep_the_process() {
    for how in [["write", "hold"], ["keep", "hold"]] {
        let case = Case::new();
        let begin = Instant::now();
        let [_, stderr] = RETURN.logs(&case, how, &["lines=1000", "eprint=last", "println=stick", "fill"]);
        assert!(begin.elapsed() < 10 * LAST_WORDS, "{how:?}: {:?}", begin.elapsed());
        assert_eq!(stderr, lines(1000) + "last\n", "{how:?}");
    }
}

/// Another thread has C's stdout locked, when there is something in it that was not printed yet.
#[test]
fn stream_of_c_that_is_locked_does_not_keep_the_process() {
    let case = Case::new();
    let begin = Instant::now();
    let logs = RETURN.logs(&case, HOLD, &["puts=by C", "lock-c", "lines=10", "print=last"]);
    assert!(begin.elapsed() < 10 * LAST_WORDS, "{:?}", begin.elapsed());
    assert_eq!(logs, [lines(10) + "last\n", lines(10)]);
}

/// That the closures have let go what they held back shows that they were not waited for in vain.
#[test]
fn child_that_holds_the_streams_does_not_delay_the_end() {
    let case = Case::new();
    let actions = ["leave=exec sleep 1000", "lines=10", "print=last", "eprint=last", "stop=printed"];
    let daemon = start(&case, HOLD, &actions);
    let child = case.process_named("sleep");
    case.puppet().go();
    let printed = lines(10) + "last\n";
    assert_eq!(logs_after(&case, daemon, 0), [printed.as_str(), &printed]);
    assert!(child.is_alive());
}

#[test]
fn child_that_prints_all_the_time_does_not_delay_the_end() {
    let case = Case::new();
    let noise = format!("leave=exec yes {}", "noise".repeat(8));
    let daemon = start(&case, HOLD, &[&noise, "lines=10", "eprint=last", "stop=printed"]);
    let child = case.process_named("yes");
    case.puppet().go();
    let [stdout, stderr] = logs_after(&case, daemon, 0);
    // The last line follows what the child had written of its own.
    for line in lines(10).lines() {
        assert!(stdout.contains(&format!("{line}\n")), "no {line}");
    }
    assert_eq!(stderr, lines(10) + "last\n");
    // Nobody reads any more.
    child.wait_until_dead();
}

#[test]
fn what_children_print_comes_out() {
    let case = Case::new();
    let logs = RETURN.logs(&case, WRITE, &["run=echo one; printf two; echo three >&2; printf four >&2"]);
    assert_eq!(logs, ["one\ntwo\n", "three\nfour\n"]);
}

#[test]
fn child_that_prints_after_the_end_of_the_daemon_is_not_blocked() {
    // It ends by SIGPIPE, or hears of an error.
    for (script, status) in [("", "141\n"), ("trap '' PIPE; ", "1\n")] {
        let case = Case::new();
        let word = case.folder().join("word");
        mkfifo(&word, Mode::S_IRWXU).unwrap();
        // For both, so that nobody waits here for the other side.
        let mut word = File::options().read(true).write(true).open(word).unwrap();
        let script = format!("leave={script}read go <word; head -c 2000000 /dev/zero; echo $? >status");
        let daemon = start(&case, WRITE, &[&script, "stop=left"]);
        case.puppet().go();
        assert_eq!(logs_after(&case, daemon, 0), ["", ""]);
        word.write_all(b"go\n").unwrap();
        let status_of_head = wait_until("the child", || {
            fs::read_to_string(case.folder().join("status")).ok().filter(|text| text.ends_with('\n'))
        });
        assert_eq!(status_of_head, status, "{script}");
    }
}

/// A child that does not wait takes less than the second that others wait, now and then at least.
#[track_caller]
fn assert_child_ends_at_once(fork: &'static str, assert_printed: fn([String; 2])) {
    wait_until(format_args!("a child to end at once after {fork}"), || {
        let case = Case::new();
        // With a closure that never returns there is something to wait for.
        let actions = ["println=stick", "stop=before", fork, "stop=after", "eprintln=later"];
        let daemon = start(&case, WRITE, &actions);
        let before = case.puppet();
        wait_until("the closure", || (logs(&case) == ["stick\n", ""]).then_some(()));
        let begin = Instant::now();
        before.go();
        let after = case.puppet();
        let took = begin.elapsed();
        after.go();
        assert_printed(logs_after(&case, daemon, 0));
        (took < LAST_WORDS).then_some(())
    });
}

#[test]
fn forked_child_does_not_wait_at_its_end_and_forwarding_goes_on() {
    assert_child_ends_at_once("fork", |[_, stderr]| assert_eq!(stderr, "in a child\nlater\n"));
}

#[test]
fn forked_child_does_not_wait_when_it_panics_and_forwarding_goes_on() {
    assert_child_ends_at_once("fork=panic", |[_, stderr]| {
        assert!(stderr.contains("a child fell") && stderr.ends_with("\nlater\n"), "{stderr}");
    });
}

#[test]
fn pid_file_is_given_up_after_the_last_words() {
    for way in [RETURN, EXIT] {
        wait_until("a look within the second that the end waits for the closure", || {
            let case = Case::new();
            let actions = ["println=stick", "stop=body"];
            let daemon = start(&case, WRITE, &[&actions, way.action.as_slice()].concat());
            let pid_file = PidFile::new(case.folder().join("pid"));
            let body = case.puppet();
            let begin = Instant::now();
            body.go();
            wait_until("the end to begin", || (!prints_into_pipe(daemon)).then_some(()));
            let running = pid_file.running().unwrap();
            let in_time = begin.elapsed() < LAST_WORDS;
            assert_eq!(logs_after(&case, daemon, way.status), ["stick\n", ""]);
            assert_eq!(pid_file.running().unwrap(), None);
            in_time.then(|| assert_eq!(running, Some(daemon.0.cast_unsigned()), "{:?}", way.action))
        });
    }
}

/// Whether stdout still is what it was; a process that has ended has none.
fn prints_into_pipe(process: Process) -> bool {
    let stdout = PathBuf::from(format!("/proc/{}/fd/1", process.0));
    fs::read_link(stdout).is_ok_and(|target| target.to_string_lossy().starts_with("pipe:"))
}

// Readers of the program's own, and the end of the output alone

/// The library does not wait for them, but here for a closure that never returns.
#[test]
fn own_readers_come_to_their_end_when_the_process_does() {
    for way in [RETURN, PANIC, EXIT] {
        wait_until("the last line within the second that the end waits for the closure", || {
            let case = Case::new();
            let actions = ["eprintln=stick", "lines=10", "print=last"];
            // What has no end is handed out at the end of input only.
            let [stdout, _] = way.logs(&case, ["read", "write"], &actions);
            (stdout == lines(10) + "last\n").then_some(())
        });
    }
}

#[test]
fn own_readers_come_to_their_end_after_close_output() {
    let case = Case::new();
    let printed = lines(1000) + "last\n";
    let print = ["lines=1000", "print=last", "eprint=last"];
    let daemon = start(&case, READ, &[&print[..], &["close", "join", "stop=joined"]].concat());
    let joined = case.puppet();
    assert_eq!(logs(&case), [printed.as_str(), &printed]);
    joined.go();
    assert_eq!(logs_after(&case, daemon, 0), [printed.as_str(), &printed]);
}

#[test]
fn closures_are_dropped_after_close_output() {
    let case = Case::new();
    let _daemon = start(&case, HOLD, &["lines=10", "print=last", "eprint=last", "close", "stop=closed"]);
    let _closed = case.puppet();
    let printed = lines(10) + "last\n";
    wait_until("the closures", || (logs(&case) == [printed.as_str(), &printed]).then_some(()));
}

#[test]
fn close_output_lets_go_what_c_holds_back() {
    let case = Case::new();
    start(&case, READ, &["puts=by C", "close", "join", "stop=joined"]);
    let _joined = case.puppet();
    assert_eq!(logs(&case), ["by C\n", ""]);
}

#[test]
fn what_is_printed_after_close_output_goes_nowhere() {
    for how in [WRITE, READ] {
        let case = Case::new();
        let actions = ["lines=10", "close", "join", "try", "puts=by C", "close", "stop=tried"];
        let daemon = start(&case, how, &actions);
        let tried = case.puppet();
        let descriptors = daemon.descriptors();
        assert!([1, 2].iter().all(|number| descriptors[number].is_null_device()), "{descriptors:?}");
        tried.go();
        assert_eq!(logs_after(&case, daemon, 0), [lines(10), lines(10)], "{how:?}");
    }
}

#[test]
fn close_output_leaves_what_the_program_has_put_in_the_place_of_a_stream() {
    let case = Case::new();
    let actions = ["lines=10", "replace=other", "println=one", "close", "println=two", "stop=closed"];
    start(&case, READ, &actions);
    let _closed = case.puppet();
    assert_eq!(fs::read_to_string(case.folder().join("other")).unwrap(), "one\ntwo\n");
    wait_until("the readers", || (logs(&case) == [lines(10), lines(10)]).then_some(()));
}

#[test]
fn close_output_closes_a_stream_that_leads_into_the_other_pipe() {
    let case = Case::new();
    start(&case, READ, &["println=one", "merge", "println=two", "close", "join", "try", "stop=joined"]);
    let _joined = case.puppet();
    assert_eq!(logs(&case), ["one\n", "two\n"]);
}

#[test]
fn close_output_changes_nothing_in_the_foreground() {
    for how in [WRITE, HOLD, READ] {
        let case = Case::new();
        let actions = ["println=one", "eprintln=one", "close", "println=two", "eprintln=two"];
        let outcome = launch(&case, how, &actions).env("FOREGROUND=").run();
        assert!(outcome.status.success(), "{outcome:?}");
        assert!(outcome.stdout.ends_with(b"one\ntwo\n") && outcome.stderr == b"one\ntwo\n", "{outcome:?}");
        assert_eq!(logs(&case), ["", ""]);
    }
}
