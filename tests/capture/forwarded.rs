//! Lines that are forwarded: each reaches the closure once, and whole, whoever printed it, and whatever becomes of others.

use std::{collections::BTreeSet, env, fs};

use nix::sys::{signal::Signal, wait::WaitStatus};
use support::{Case, Launch, Process, Puppet, program, signal_set, wait_for_end, wait_until};

const MIB: usize = 1 << 20;

/// The longest line that comes in one piece.
const LONGEST_LINE: usize = MIB;

/// What is to be printed to stdout and stderr.
pub(crate) type Printed<'a> = [&'a [u8]; 2];

/// The program that does these things with it, one after the other.
pub(crate) fn forwarder<'case>(case: &'case Case, printed: Printed<'_>, actions: &[&str]) -> Launch<'case> {
    for (name, bytes) in ["stdout", "stderr"].into_iter().zip(printed) {
        fs::write(case.folder().join(name), bytes).unwrap();
    }
    actions.iter().fold(case.program(program!("forwarder")), Launch::arg)
}

/// The same, up to its first stop.
#[track_caller]
pub(crate) fn daemon(case: &Case, printed: Printed<'_>, actions: &[&str]) -> Puppet {
    forwarder(case, printed, actions).daemon()
}

/// The lines that a closure has kept.
#[track_caller]
pub(crate) fn kept(case: &Case, stream: &str) -> Vec<Vec<u8>> {
    let bytes = fs::read(case.folder().join(format!("kept-{stream}"))).unwrap();
    let mut rest = bytes.as_slice();
    let mut lines = Vec::new();
    while !rest.is_empty() {
        let end = rest.iter().position(|&byte| byte == b'\n').unwrap();
        let length: usize = str::from_utf8(&rest[..end]).unwrap().parse().unwrap();
        let (line, others) = rest[end + 1..].split_at(length);
        lines.push(line.to_vec());
        rest = others;
    }
    lines
}

/// What comes of it.
pub(crate) fn lines(printed: &[u8]) -> Vec<&[u8]> {
    let mut lines: Vec<_> = printed.split(|&byte| byte == b'\n').collect();
    // Of the end of the last line. If it has none, it is a line all the same.
    if lines.last().is_some_and(|line| line.is_empty()) {
        lines.pop();
    }
    lines
}

#[track_caller]
pub(crate) fn assert_same(kept: &[Vec<u8>], wanted: &[&[u8]], how: &str) {
    let differs = kept.iter().zip(wanted).position(|(kept, wanted)| kept != wanted);
    assert_eq!(differs, None, "{how}: a line differs, of {} and {}", kept.len(), wanted.len());
    assert_eq!(kept.len(), wanted.len(), "{how}");
}

/// The names of its threads.
pub(crate) fn threads(process: Process) -> Vec<String> {
    tasks(process).into_iter().filter_map(Process::try_name).collect()
}

fn tasks(process: Process) -> Vec<Process> {
    let tasks = fs::read_dir(format!("/proc/{}/task", process.0)).unwrap();
    tasks.map(|task| Process(task.unwrap().file_name().to_str().unwrap().parse().unwrap())).collect()
}

/// Neither its forwarder nor what watches over that.
#[track_caller]
pub(crate) fn wait_until_not_forwarding(process: Process) {
    wait_until("the end of forwarders", || {
        threads(process).iter().all(|name| !name.starts_with("godaemon-")).then_some(())
    });
}

// Each line, whole

/// Lines of many lengths, also of none, with every byte there is. The last one has no end.
fn binary(count: usize) -> Vec<u8> {
    let line = |number: usize| {
        let length = number * number % 2311;
        (0..length).map(move |at| u8::try_from((at + number) % 256).unwrap()).filter(|&byte| byte != b'\n')
    };
    let mut bytes: Vec<u8> = (0..count).flat_map(|number| line(number).chain([b'\n'])).collect();
    bytes.extend_from_slice(b"\n\n\xff\xfe\n\n\0no end");
    bytes
}

/// Lines of `x` of these lengths.
fn of_lengths(lengths: &[usize]) -> Vec<u8> {
    lengths.iter().flat_map(|&length| [vec![b'x'; length], b"\n".to_vec()].concat()).collect()
}

#[test]
fn each_line_comes_whole_and_without_its_end_whoever_printed_it() {
    let printed = [binary(2000), binary(1000)];
    for how in ["rust", "c", "child"] {
        let case = Case::new();
        let print = format!("print={how}");
        let actions =
            ["stdout=keep", "stderr=keep", &print, "close", "ended=stdout", "ended=stderr", "stop=end"];
        let _daemon = daemon(&case, printed.each_ref().map(Vec::as_slice), &actions);
        for (stream, printed) in ["stdout", "stderr"].into_iter().zip(&printed) {
            assert_same(&kept(&case, stream), &lines(printed), how);
        }
    }
}

#[test]
fn last_line_without_an_end_comes_at_the_end_of_the_process() {
    for (end, status) in [("exit=3", 3), ("stop=end", 0)] {
        let case = Case::new();
        let actions = ["stdout=keep", "stderr=keep", "stop=up", "print=c", end];
        let daemon = daemon(&case, [b"one\n\ntw", b"thr"], &actions);
        let process = daemon.process();
        daemon.go();
        if status == 0 {
            case.puppet().go();
        }
        let ended = wait_for_end(process.0);
        assert!(matches!(ended, WaitStatus::Exited(_, code) if code == status), "{ended:?}");
        assert_same(&kept(&case, "stdout"), &[b"one", b"", b"tw"], end);
        assert_same(&kept(&case, "stderr"), &[b"thr"], end);
    }
}

#[test]
fn lines_of_up_to_1_mib_come_in_one_piece() {
    let lengths =
        [1, 2, 4095, 4096, 4097, 65_535, 65_536, 65_537, 131_071, 524_288, 900 << 10, LONGEST_LINE, 1, 0];
    let printed = of_lengths(&lengths);
    for how in ["rust", "c", "c-at-once", "child"] {
        let case = Case::new();
        let print = format!("print={how}");
        let _daemon =
            daemon(&case, [&printed, b""], &["stdout=keep", &print, "close", "ended=stdout", "stop=end"]);
        assert_same(&kept(&case, "stdout"), &lines(&printed), how);
    }
}

#[test]
fn longer_line_comes_in_pieces_of_at_least_1_mib() {
    let printed = [&of_lengths(&[10 * MIB]), b"next\n".as_slice()].concat();
    for how in ["rust", "c", "c-at-once", "child"] {
        let case = Case::new();
        let print = format!("print={how}");
        let _daemon =
            daemon(&case, [&printed, b""], &["stdout=keep", &print, "close", "ended=stdout", "stop=end"]);
        let mut pieces = kept(&case, "stdout");
        assert_eq!(pieces.pop().unwrap(), b"next", "{how}");
        assert!(pieces.concat() == vec![b'x'; 10 * MIB], "{how}: {}", pieces.concat().len());
        pieces.pop();
        let lengths: Vec<_> = pieces.iter().map(Vec::len).collect();
        assert!(lengths.iter().all(|&length| length >= LONGEST_LINE), "{how}: {lengths:?}");
    }
}

#[test]
fn end_of_a_line_of_which_all_has_come_is_no_line() {
    let case = Case::new();
    let start = vec![b'x'; LONGEST_LINE];
    // The second end is that of an empty line.
    let actions = [
        "stdout=keep",
        "print=c",
        "seen-stdout=1",
        "println=",
        "println=",
        "println=next",
        "close",
        "ended=stdout",
        "stop=end",
    ];
    let _daemon = daemon(&case, [&start, b""], &actions);
    assert_same(&kept(&case, "stdout"), &[&start, b"", b"next"], "in two pieces");
}

#[test]
fn lines_of_several_threads_and_processes_come_whole() {
    const LINES: usize = 500;
    let case = Case::new();
    let crowd = format!("crowd={LINES}");
    let _daemon = daemon(&case, [b"", b""], &["stdout=keep", &crowd, "close", "ended=stdout", "stop=end"]);
    let mut came = kept(&case, "stdout");
    for name in ["thread-0", "thread-1", "thread-2", "child-0", "child-1"] {
        let of_this_one = |line: &mut Vec<u8>| line.starts_with(name.as_bytes());
        let own: Vec<_> = came.extract_if(.., of_this_one).collect();
        let wanted: Vec<_> = (0..LINES).map(|number| format!("{name} {number}")).collect();
        assert_same(&own, &wanted.iter().map(String::as_bytes).collect::<Vec<_>>(), name);
    }
    assert!(came.is_empty(), "{came:?}");
}

#[test]
fn what_the_program_has_read_by_itself_is_not_lost_and_does_not_come_again() {
    let case = Case::new();
    // One write, so that the reader holds all of it.
    let actions = [
        "print=c-at-once",
        "read-line=stdout",
        "stdout=keep",
        "println=r",
        "close",
        "ended=stdout",
        "stop=end",
    ];
    let daemon = daemon(&case, [b"one\ntwo\nthree\nfou", b""], &actions);
    assert_eq!(daemon.text("line"), "one\n");
    assert_same(&kept(&case, "stdout"), &[b"two", b"three", b"four"], "the rest");
}

// On a thread of its own

#[test]
fn threads_have_names_and_every_signal_blocked_but_faults() {
    let case = Case::new();
    let daemon = daemon(&case, [b"", b""], &["stdout=keep", "stderr=keep", "stop=up"]);
    let process = daemon.process();
    let mut wanted: BTreeSet<_> = (1..=64).collect();
    // Nobody can block the first two, and libc keeps the next two for itself.
    let kept_open = [Signal::SIGKILL as i32, Signal::SIGSTOP as i32, 32, 33];
    let faults = signal_set([
        Signal::SIGSEGV,
        Signal::SIGBUS,
        Signal::SIGILL,
        Signal::SIGFPE,
        Signal::SIGTRAP,
        Signal::SIGABRT,
        Signal::SIGSYS,
    ]);
    wanted.retain(|signal| !kept_open.contains(signal) && !faults.contains(signal));
    for name in ["godaemon-stdout", "godaemon-stderr", "godaemon-watch"] {
        // A thread has its name a moment after it has begun.
        let thread = wait_until(name, || {
            tasks(process).into_iter().find(|task| task.try_name().as_deref() == Some(name))
        });
        assert_eq!(thread.signals("SigBlk"), wanted, "{name}");
    }
    assert_eq!(process.signals("SigBlk"), BTreeSet::new());
}

#[test]
fn memory_does_not_grow_with_what_is_printed() {
    const BLOCK: usize = 16 * MIB;
    let blocks = if env::var_os("GODAEMON_MUCH").is_some() { 64 } else { 16 };
    let mut printed = [of_lengths(&[3 * MIB, 900 << 10, 0]), binary(3000), b"\n".to_vec()].concat();
    while printed.len() < BLOCK {
        printed.extend(of_lengths(&[printed.len() % 1500]));
    }
    let case = Case::new();
    let repeat = format!("repeat={}", blocks - 1);
    let actions = [
        "stdout=count",
        "repeat=1",
        "stop=some",
        &repeat,
        "close",
        "ended=stdout",
        "bytes=stdout",
        "stop=all",
    ];
    let first = daemon(&case, [&printed, b""], &actions);
    let process = first.process();
    let most = || process.status("VmHWM").trim_end_matches(" kB").parse::<usize>().unwrap();
    let before = most();
    first.go();
    let last = case.puppet();
    let after = most();
    let ends = printed.iter().filter(|&&byte| byte == b'\n').count();
    assert_eq!(last.text("bytes"), (blocks * (printed.len() - ends)).to_string());
    assert!(
        after < before + 4096,
        "{before} kB after {BLOCK} bytes, {after} kB after {blocks} times as many"
    );
}

// Whatever the closure does

/// How often a panic was reported there.
fn reports(case: &Case, stream: &str) -> usize {
    let is_report = |line: &Vec<u8>| {
        let text = String::from_utf8_lossy(line);
        text.starts_with("thread 'godaemon-") && text.contains("panicked at tests/programs/forwarder.rs:")
    };
    let lines = kept(case, stream);
    let count = lines.iter().filter(|line| is_report(line)).count();
    assert_eq!(lines.iter().filter(|line| *line == b"the sky fell").count(), count);
    count
}

#[test]
fn panic_of_the_closure_loses_its_line_and_is_reported_once() {
    let case = Case::new();
    let actions = ["stdout=fall", "stderr=keep", "print=c", "seen-stdout=2"];
    let actions = [&actions[..], &["close", "ended=stdout", "ended=stderr", "stop=end"]].concat();
    let _daemon = daemon(&case, [b"one\nfall\ntwo\nfall again\nfall\nthree", b""], &actions);
    assert_same(&kept(&case, "stdout"), &[b"one", b"two", b"three"], "what it wanted");
    assert_eq!(reports(&case, "stderr"), 1);
}

#[test]
fn panic_of_the_closure_of_stderr_comes_to_itself() {
    let case = Case::new();
    let actions =
        ["stderr=fall", "print=rust", "seen-stderr=3", "eprintln=later", "close", "ended=stderr", "stop=end"];
    let _daemon = daemon(&case, [b"", b"one\nfall\ntwo\nfall again\nthree\n"], &actions);
    assert_eq!(reports(&case, "stderr"), 1);
    let wanted: [&[u8]; 4] = [b"one", b"two", b"three", b"later"];
    let printed: Vec<_> =
        kept(&case, "stderr").into_iter().filter(|line| wanted.contains(&&line[..])).collect();
    assert_same(&printed, &wanted, "what it wanted");
}

#[test]
fn closure_that_panics_at_every_line_is_reported_once_and_holds_nobody_up() {
    let printed = of_lengths(&[1023; 10 << 10]);
    let case = Case::new();
    let actions =
        ["hook", "stdout=fall-always", "stderr=keep", "print=c", "close", "ended=stdout", "bytes=stdout"];
    let actions = [&actions[..], &["ended=stderr", "hooked", "stop=end"]].concat();
    let daemon = daemon(&case, [&printed, b""], &actions);
    assert_eq!(daemon.text("hooked"), "1");
    assert_eq!(reports(&case, "stderr"), 1);
    // Each of them has come.
    assert_eq!(daemon.text("bytes"), (1023 * (10 << 10)).to_string());
}

#[test]
fn closure_of_stderr_that_panics_at_every_line_does_not_panic_for_ever() {
    let printed = of_lengths(&[1023; 10 << 10]);
    let case = Case::new();
    // The report comes before much is printed, so that there is room for it.
    let actions =
        ["hook", "stderr=fall-always", "eprintln=one", "seen-stderr=4", "print=c", "hooked", "stop=end"];
    assert_eq!(daemon(&case, [b"", &printed], &actions).text("hooked"), "1");
}

#[test]
fn hook_of_the_program_is_called_as_well() {
    let case = Case::new();
    let actions = ["hook", "stdout=fall", "stderr=keep", "println=fall", "println=two", "seen-stdout=1"];
    let actions = [&actions[..], &["hooked", "close", "ended=stderr", "stop=end"]].concat();
    let daemon = daemon(&case, [b"", b""], &actions);
    assert_eq!(daemon.text("hooked"), "1");
    assert_eq!(reports(&case, "stderr"), 1);
}

// The end

#[test]
fn nothing_is_forwarded_in_the_foreground_and_the_closure_is_dropped() {
    let case = Case::new();
    let actions =
        ["stdout=keep", "stderr=keep", "ended=stdout", "ended=stderr", "println=one", "eprintln=two"];
    let outcome = forwarder(&case, [b"", b""], &actions).arg("--foreground").run();
    assert!(outcome.status.success(), "{outcome:?}");
    assert_eq!([outcome.stdout, outcome.stderr], [b"one\n", b"two\n"]);
    assert!(kept(&case, "stdout").is_empty());
}

#[test]
fn forwarder_ends_when_output_was_closed_and_prints_go_nowhere() {
    let case = Case::new();
    let actions = ["stdout=keep", "stderr=keep", "println=one", "close", "ended=stdout", "ended=stderr"];
    let daemon = daemon(&case, [b"", b""], &[&actions[..], &["println=two", "stop=end"]].concat());
    wait_until_not_forwarding(daemon.process());
    assert!(daemon.process().descriptors()[&1].is_null_device());
    assert_same(&kept(&case, "stdout"), &[b"one"], "before");
}

#[test]
fn forwarder_ends_when_the_program_has_put_something_else_over_the_stream() {
    let case = Case::new();
    let actions = ["stdout=keep", "println=one", "over=stdout", "ended=stdout", "println=two", "stop=end"];
    let mut daemon = daemon(&case, [b"", b""], &actions);
    wait_until_not_forwarding(daemon.process());
    daemon.do_and_report("print", "three");
    assert_same(&kept(&case, "stdout"), &[b"one"], "before");
    assert_eq!(fs::read(case.folder().join("other")).unwrap(), b"two\nthree\n");
}

#[test]
fn forwarder_stays_for_a_child_that_still_prints() {
    let case = Case::new();
    let actions =
        ["child=late", "stdout=keep", "println=one", "close", "stop=closed", "let-child", "ended=stdout"];
    let daemon = daemon(&case, [b"", b""], &[&actions[..], &["stop=end"]].concat());
    wait_until("the forwarder", || {
        threads(daemon.process()).contains(&"godaemon-stdout".into()).then_some(())
    });
    daemon.go();
    let daemon = case.puppet();
    assert_same(&kept(&case, "stdout"), &[b"one", b"late"], "both");
    wait_until_not_forwarding(daemon.process());
}

#[test]
fn nothing_is_allocated_for_a_line() {
    let case = Case::new();
    case.program(program!("counter")).run().assert_success();
    case.wait_until_empty();
    let answer = fs::read_to_string(case.folder().join("answer")).unwrap();
    let (lines, allocations) = answer.split_once(' ').unwrap();
    assert_eq!(lines, "100000");
    // On a busy machine threads begin, and buffers grow, in the middle of it: a few times in all.
    assert!(allocations.parse::<usize>().unwrap() < 100, "{answer}");
}
