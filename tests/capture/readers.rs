//! Readers that the program reads itself: every byte that the daemon and its children print comes out of them, line by
//! line, and nobody who prints ever suffers for want of a reader.

use std::{fs, iter};

use nix::errno::Errno;
use support::{Case, Launch, Puppet, program};

/// What a `Reader` may hand out of a line that has not ended.
const START_OF_LINE: usize = 64 * 1024;

const STREAMS: [&str; 2] = ["stdout", "stderr"];

// What comes out

/// What came out of a reader.
struct Captured {
    bytes: Vec<u8>,
    /// Where the pieces end.
    ends: Vec<usize>,
}

impl Captured {
    fn of(case: &Case, stream: &str) -> Self {
        let read = |name: &str| fs::read(case.folder().join(format!("{name}-{stream}"))).unwrap();
        let lengths = String::from_utf8(read("lengths")).unwrap();
        let ends = lengths.split_whitespace().scan(0, |end, length| {
            *end += length.parse::<usize>().unwrap();
            Some(*end)
        });
        Self { bytes: read("captured"), ends: ends.collect() }
    }

    fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        let begins = iter::once(0).chain(self.ends.iter().copied());
        begins.zip(&self.ends).map(|(begin, &end)| &self.bytes[begin..end])
    }
}

/// What is to be printed to stdout and stderr.
type Printed<'a> = [&'a [u8]; 2];

/// The program that prints these bytes in one way, and reads them in another.
fn talker<'case>(case: &'case Case, read: &str, print: &str, printed: Printed<'_>) -> Launch<'case> {
    for (name, bytes) in STREAMS.into_iter().zip(printed) {
        fs::write(case.folder().join(name), bytes).unwrap();
    }
    case.program(program!("talker")).arg(read).arg(print)
}

/// Prints these bytes and gives back what was captured; nothing of it reaches the terminal.
#[track_caller]
fn captured(read: &str, print: &str, printed: Printed<'_>) -> [Captured; 2] {
    let case = Case::new();
    let outcome = talker(&case, read, print, printed).run();
    outcome.assert_success();
    assert_eq!(outcome.stdout, b"");
    STREAMS.map(|stream| Captured::of(&case, stream))
}

/// The same, for what has to come out as it went in.
#[track_caller]
fn unchanged(read: &str, print: &str, printed: Printed<'_>) -> [Captured; 2] {
    let both = captured(read, print, printed);
    for (captured, printed) in both.iter().zip(printed) {
        let (came, went) = (captured.bytes.len(), printed.len());
        assert!(captured.bytes == printed, "{read}, {print}: {came} bytes came out of {went}, or others");
    }
    both
}

/// Lines of many lengths, with every byte there is.
fn binary(lines: usize) -> Vec<u8> {
    let line = |number: usize| {
        let length = number * number % 2311;
        let bytes = (0..length).map(move |at| u8::try_from((at + number) % 256).unwrap());
        bytes.filter(|&byte| byte != b'\n').chain([b'\n'])
    };
    (0..lines).flat_map(line).collect()
}

fn text(lines: usize) -> String {
    (0..lines).map(|number| format!("line {number}, caf\u{e9} \u{1f980}\n")).collect()
}

#[test]
fn bytes_come_out_unchanged_whoever_printed_them() {
    let (stdout, stderr) = (binary(2000), binary(1000));
    for print in ["rust", "c", "child"] {
        for read in ["read", "read-little"] {
            unchanged(read, print, [&stdout, &stderr]);
        }
    }
}

#[test]
fn text_of_the_macros_comes_out_unchanged() {
    for read in ["read", "read_line"] {
        unchanged(read, "macros", [text(1000).as_bytes(), text(500).as_bytes()]);
    }
}

#[test]
fn read_hands_out_whole_lines() {
    for (print, lines) in [("rust", 2000), ("c", 2000), ("child", 2000), ("slowly", 100)] {
        for captured in unchanged("read", print, [&binary(lines), &binary(lines / 2)]) {
            assert!(captured.pieces().all(|piece| piece.ends_with(b"\n")), "{print}");
        }
    }
}

#[test]
fn read_line_and_lines_hand_out_line_after_line() {
    let texts = [text(1000), text(500)];
    let printed = texts.each_ref().map(String::as_bytes);
    for print in ["macros", "rust", "c", "child"] {
        for (captured, text) in captured("read_line", print, printed).iter().zip(&texts) {
            assert!(captured.pieces().eq(text.split_inclusive('\n').map(str::as_bytes)), "{print}");
        }
        for (captured, text) in captured("lines", print, printed).iter().zip(&texts) {
            assert!(captured.pieces().eq(text.lines().map(str::as_bytes)), "{print}");
        }
    }
}

#[test]
fn last_line_without_an_end_comes_out() {
    for read in ["read", "read-little", "read_line"] {
        unchanged(read, "c", [b"one\ntwo\nthr", b"\n\nf"]);
    }
}

#[test]
fn nothing_printed_is_the_end_at_once() {
    unchanged("read", "c", [b"", b""]);
}

#[test]
fn line_of_10_mib_comes_out_in_large_pieces() {
    let mut line = vec![b'\xff'; 10 << 20];
    line.extend_from_slice(b"\nnext\n");
    let [stdout, _] = unchanged("read", "child", [&line, b""]);
    for piece in stdout.pieces() {
        assert!(piece.len() >= START_OF_LINE || piece.ends_with(b"\n"), "{} bytes", piece.len());
    }
}

// Where it goes

#[test]
fn output_before_the_capture_goes_to_the_terminal_and_none_afterwards() {
    let case = Case::new();
    let outcome = talker(&case, "read", "rust", [b"later\n", b"later\n"]).env("EARLY=early").run();
    assert!(outcome.status.success() && outcome.stdout.is_empty(), "{outcome:?}");
    assert_eq!(outcome.stderr, b"early on stdout\nearly on stderr\n");
    for stream in STREAMS {
        assert_eq!(Captured::of(&case, stream).bytes, b"later\n");
    }
}

#[test]
fn foreground_prints_to_its_caller_and_readers_are_at_their_end() {
    let case = Case::new();
    let outcome = talker(&case, "read", "rust", [b"one\n", b"two\n"]).arg("--foreground").run();
    assert!(outcome.status.success(), "{outcome:?}");
    assert_eq!([outcome.stdout, outcome.stderr], [b"one\n", b"two\n"]);
    for stream in STREAMS {
        assert_eq!(Captured::of(&case, stream).bytes, b"");
    }
}

#[test]
fn stream_without_a_reader_goes_to_the_null_device() {
    let case = Case::new();
    let daemon = case.program(program!("half")).daemon();
    assert_eq!(daemon.text("line"), "a line\n");
    let descriptors = daemon.process().descriptors();
    assert!(descriptors[&2].is_null_device(), "{descriptors:?}");
    assert!(!descriptors[&1].is_null_device(), "{descriptors:?}");
}

// Who has the pipes

fn reader(case: &Case, what: &str) -> Puppet {
    case.program(program!("reader")).arg(what).daemon()
}

#[test]
fn children_have_the_pipes_as_1_and_2_only() {
    let case = Case::new();
    let mut daemon = reader(&case, "keep");
    daemon.do_and_report("helper", "sleep");
    let pipes = daemon.process().descriptors();
    let inherited = case.process_named("sleep").descriptors();
    assert_eq!(inherited.keys().copied().collect::<Vec<_>>(), [0, 1, 2]);
    for number in [1, 2] {
        assert_eq!(inherited[&number].target, pipes[&number].target);
        assert!(inherited[&number].target.to_str().unwrap().starts_with("pipe:"), "{inherited:?}");
    }
    assert_ne!(inherited[&1].target, inherited[&2].target);
}

#[test]
fn all_that_the_daemon_holds_beside_its_streams_is_close_on_exec() {
    let case = Case::new();
    let descriptors = reader(&case, "keep").process().descriptors();
    let open: Vec<_> = descriptors.iter().filter(|(_, file)| !file.is_close_on_exec()).collect();
    assert!(open.iter().all(|(number, _)| **number < 3), "{open:?}");
}

// Without a reader

// The program does the printing before it reports; had that failed, there would be no report.

#[test]
fn print_after_the_reader_was_dropped_succeeds() {
    let case = Case::new();
    let descriptors = reader(&case, "drop").process().descriptors();
    assert!(descriptors[&1].is_null_device(), "{descriptors:?}");
}

#[test]
fn prints_under_way_when_the_reader_is_dropped_succeed() {
    let case = Case::new();
    reader(&case, "drop-while-full");
}

#[test]
fn child_that_prints_after_the_reader_was_dropped_succeeds() {
    let case = Case::new();
    assert_eq!(reader(&case, "drop-before-child").text("child"), "exit status: 0");
}

#[test]
fn child_prints_after_a_reader_that_does_not_wait_was_dropped() {
    let case = Case::new();
    assert_eq!(reader(&case, "drop-impatient-before-child").text("child"), "exit status: 0");
}

#[test]
fn into_fd_gives_the_raw_pipe_whose_end_breaks_prints() {
    let case = Case::new();
    let daemon = reader(&case, "into-fd");
    let seen = ["line", "read_ahead", "raw"].map(|key| daemon.text(key));
    assert_eq!(seen, ["one\n", "tw", "o"]);
    assert_eq!(daemon.number("error"), Errno::EPIPE as i32);
}

#[test]
fn reader_that_a_forked_child_drops_loses_nothing() {
    let case = Case::new();
    assert_eq!(reader(&case, "drop-in-child").text("lines"), "one\ntwo\n");
}
