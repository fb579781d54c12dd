//! Lines as records of `log` and `tracing`: one for each, and no end of them if the log is printed where it comes from.

use std::fs;

use nix::sys::wait::WaitStatus;
use support::{Case, Launch, program, wait_for_end, wait_until};

use crate::{
    forwarded::{Printed, threads, wait_until_not_forwarding},
    stuck::at_once,
};

const MIB: usize = 1 << 20;

const LEVELS: [&str; 5] = ["ERROR", "WARN", "INFO", "DEBUG", "TRACE"];

/// Each crate, and the forms in which it writes its log.
const LOGS: [[&str; 2]; 3] = [["log", "text"], ["tracing", "text"], ["tracing", "json"]];

/// The program with this log that does these things, one after the other.
fn recorder<'case>(
    case: &'case Case,
    log: [&str; 2],
    printed: Printed<'_>,
    actions: &[&str],
) -> Launch<'case> {
    for (name, bytes) in ["stdout", "stderr"].into_iter().zip(printed) {
        fs::write(case.folder().join(name), bytes).unwrap();
    }
    log.iter().chain(actions).fold(case.program(program!("recorder")), Launch::arg)
}

#[derive(Debug, PartialEq, Eq)]
struct Record {
    level: String,
    target: String,
    message: String,
}

impl Record {
    fn new(level: &str, target: &str, message: impl Into<String>) -> Self {
        Self { level: level.to_owned(), target: target.to_owned(), message: message.into() }
    }

    /// Of a line of the log.
    #[track_caller]
    fn of(line: &str, log: [&str; 2]) -> Self {
        if log[1].starts_with("json") {
            let text = |key: &str| text_of(line, key);
            return Self { level: text("level"), target: text("target"), message: text("message") };
        }
        // The time comes first, if `tracing` wrote it.
        let line = if log[0] == "tracing" { line.split_once(' ').unwrap().1.trim_start() } else { line };
        let (level, rest) = line.split_once(' ').unwrap();
        let (target, message) = rest.split_once(": ").unwrap();
        Self::new(level, target, message)
    }
}

/// The text with this key, in a line of JSON.
#[track_caller]
fn text_of(line: &str, key: &str) -> String {
    let (_, value) = line.split_once(&format!("\"{key}\":\"")).unwrap();
    let mut chars = value.chars();
    let mut text = String::new();
    loop {
        match chars.next().unwrap() {
            '"' => return text,
            '\\' => text.push(chars.next().filter(|escaped| "\"\\/".contains(*escaped)).unwrap()),
            other => text.push(other),
        }
    }
}

#[track_caller]
fn records(case: &Case, log: [&str; 2]) -> Vec<Record> {
    let text = fs::read_to_string(case.folder().join("log")).unwrap();
    text.lines().map(|line| Record::of(line, log)).collect()
}

/// The records of a daemon that did all this and has exited.
#[track_caller]
fn recorded(log: [&str; 2], printed: Printed<'_>, actions: &[&str]) -> Vec<Record> {
    let case = Case::new();
    let daemon = recorder(&case, log, printed, &[&["stop=up"], actions, &["exit=3"]].concat()).daemon();
    let process = daemon.process();
    daemon.go();
    let ended = wait_for_end(process.0);
    assert!(matches!(ended, WaitStatus::Exited(_, 3)), "{ended:?}");
    records(&case, log)
}

#[test]
fn record_has_the_level_and_the_name_of_the_stream() {
    for log in LOGS {
        for level in LEVELS {
            let forward = ["stdout", "stderr"].map(|stream| format!("{stream}={level}"));
            let actions = [&forward[0], &forward[1], "print"];
            let mut came = recorded(log, [b"one \"quoted\" \\ line\n", b"two\n"], &actions);
            came.sort_by(|one, other| other.target.cmp(&one.target));
            let wanted =
                [Record::new(level, "stdout", "one \"quoted\" \\ line"), Record::new(level, "stderr", "two")];
            assert_eq!(came, wanted, "{log:?}");
        }
    }
}

#[test]
fn bytes_that_are_not_utf_8_are_replaced() {
    for log in LOGS {
        let came = recorded(log, [b"caf\xe9 \xff\xfe \xf0\x9f\xa6\x80\n", b""], &["stdout=INFO", "print"]);
        assert_eq!(
            came,
            [Record::new("INFO", "stdout", "caf\u{fffd} \u{fffd}\u{fffd} \u{1f980}")],
            "{log:?}"
        );
    }
}

#[test]
fn each_line_becomes_one_record_up_to_the_end_of_the_process() {
    const LINES: usize = 3000;
    let text = |stream: &str| -> String { (0..LINES).map(|number| format!("{stream} {number}\n")).collect() };
    let printed = [text("out"), text("err") + "no end"];
    for log in LOGS {
        let actions = ["stdout=INFO", "stderr=WARN", "print"];
        let came = recorded(log, printed.each_ref().map(String::as_bytes), &actions);
        assert_eq!(came.len(), 2 * LINES + 1, "{log:?}");
        for (stream, text) in ["stdout", "stderr"].into_iter().zip(&printed) {
            let own = came.iter().filter(|record| record.target == stream).map(|record| &*record.message);
            assert!(own.eq(text.lines()), "{log:?}");
        }
    }
}

#[test]
fn empty_line_is_an_empty_record() {
    for log in LOGS {
        let came = recorded(log, [b"\n\n", b""], &["stdout=INFO", "print"]);
        assert_eq!(came, [Record::new("INFO", "stdout", ""), Record::new("INFO", "stdout", "")], "{log:?}");
    }
}

// A log that is printed where it comes from

const QUESTION: &str = "godaemon asks whether this log is printed to standard error: ~";

const FOUND_OUT: &str = "standard error is no longer forwarded to the log: the log is printed there";

fn is_question(record: &Record) -> bool {
    record.message.starts_with(QUESTION)
}

#[test]
fn log_is_asked_after_1_mib_and_not_before() {
    let line = [vec![b'x'; 1023], b"\n".to_vec()].concat();
    let mib = line.repeat(1024);
    for log in LOGS {
        let came = recorded(log, [b"", &mib[1..]], &["stderr=INFO", "print"]);
        assert_eq!((came.len(), came.iter().any(is_question)), (1024, false), "{log:?}");
        let came = recorded(log, [b"", &mib], &["stderr=INFO", "print"]);
        assert_eq!(came.len(), 1025, "{log:?}");
        let asked: Vec<_> = came.iter().filter(|record| is_question(record)).collect();
        assert_eq!(asked.len(), 1, "{log:?}");
        assert_eq!((&*asked[0].level, &*asked[0].target), ("INFO", "stderr"), "{log:?}");
    }
}

/// The log is printed to the stream that becomes its records. That ends, and the daemon lives.
#[track_caller]
fn assert_found_out(log: [&str; 2], printed: &[u8], actions: &[&str]) {
    let case = Case::new();
    let actions = [&["stderr=INFO"], actions, &["stop=printed", "try", "stop=end"]].concat();
    let first = recorder(&case, log, [b"", printed], &actions).daemon();
    let process = first.process();
    wait_until(format_args!("the end of the loop of {log:?}, {actions:?}"), || {
        last_record(&case).contains(FOUND_OUT).then_some(())
    });
    wait_until_not_forwarding(process);
    assert!(process.descriptors()[&2].is_null_device());
    first.go();
    let last = case.puppet();
    assert_eq!(last.text("printed"), "Ok(())", "{log:?}");
    // It waits for orders, and nothing else happens.
    process.wait_until_asleep();
    assert_eq!(threads(process).len(), if log[1].ends_with("beside") { 2 } else { 1 }, "{log:?}");
    assert!(last_record(&case).contains(FOUND_OUT), "{log:?}");
}

fn last_record(case: &Case) -> String {
    let log = fs::read(case.folder().join("log")).unwrap();
    let end = log.strip_suffix(b"\n").unwrap_or(&log);
    let begin = end.iter().rposition(|&byte| byte == b'\n').map_or(0, |position| position + 1);
    String::from_utf8_lossy(&end[begin..]).into_owned()
}

#[test]
fn log_that_is_printed_where_it_comes_from_is_found_out() {
    let printed = b"a line of those that are much\n".repeat(10 * MIB / 30);
    let one = ["eprintln=one"].as_slice();
    let variants = [
        (["log", "text-printed"], one),
        (["tracing", "text-printed"], one),
        (["log", "text-printed-beside"], one),
        (["tracing", "text-printed-beside"], one),
        (["tracing", "json-printed-beside"], one),
        (["log", "text-printed"], &["flood=line-by-line", "join"]),
        (["tracing", "text-printed-beside"], &["flood=line-by-line", "join"]),
    ];
    at_once(&variants, |(log, actions)| assert_found_out(*log, &printed, actions));
}

/// Its records are thrown away for want of room, and the answer with them.
#[test]
fn log_that_waits_to_be_printed_is_found_out() {
    let printed = b"a line of those that are much\n".repeat(10 * MIB / 30);
    let variants: [(_, &[&str]); 4] = [
        // A record is twice as long as the line that it is made of, by its escapes, until the pipe has no room for it.
        (["tracing", "json-printed"], &["eprintln=one"]),
        // There it has none before much has come.
        (["tracing", "json-printed"], &["pipe=65536", "eprintln=one"]),
        (["tracing", "json-printed"], &["flood=line-by-line", "join"]),
        // Who prints holds the lock of standard error.
        (["tracing", "text-printed"], &["flood=at-once", "join"]),
    ];
    at_once(&variants, |(log, actions)| assert_found_out(*log, &printed, actions));
}
