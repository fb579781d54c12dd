//! A program that is made to believe that it is a copy, by somebody of the same user, and then told nonsense: it ends,
//! soon, without a panic, and leaves nothing behind.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    io::{Read, Write},
    os::unix::net::UnixStream,
    time::Duration,
};

use support::{
    Case, Running,
    forgery::{STRANGER, confirm, frame, hello, settings, stage},
    program,
};

/// Where the program finds its end of the channel; behind it is the line, and then one more file.
const CHANNEL: i32 = 5;
const LINE: i32 = CHANNEL + 1;
const FILE: i32 = LINE + 1;

/// A number at which nothing is open.
const CLOSED: i32 = 99;

/// A program that finds a stage, and `ours`, the other end of its channel.
struct Deceived<'case> {
    case: &'case Case,
    running: Running,
    ours: UnixStream,
}

/// What came of it.
struct End {
    status: Option<i32>,
    /// What the program said over the channel.
    said: Vec<u8>,
    /// What it said to whoever started it.
    stderr: String,
}

impl<'case> Deceived<'case> {
    /// Starts it, with this waiting in the channel.
    #[track_caller]
    fn start(case: &'case Case, program: &str, number: u8, waiting: &[u8]) -> Self {
        Self::start_with(case, program, number, waiting, &["open", "6", "/dev/null"])
    }

    #[track_caller]
    fn start_with(case: &'case Case, program: &str, number: u8, waiting: &[u8], line: &[&str]) -> Self {
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        ours.write_all(&hello()).unwrap();
        ours.write_all(waiting).unwrap();
        ours.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let program = case.program(program);
        let launch = match number {
            // As its real parent starts it.
            1 => program.arg("plain").first(["session", "block-all"]),
            // It ends the group that it takes for its own; so there is one, which it does not lead.
            _ => {
                let shell = case.command("/bin/sh").arg("-c").arg(r#""$0" plain; exit $?"#);
                shell.arg(program.path()).first(["session"])
            }
        };
        let steps = ["copy", "0", "5", "open", "7", "/dev/null", "open", "0", "/dev/null"];
        let launch = launch.first(steps).first(line);
        let running = launch.stdin(theirs).env(stage(number, STRANGER, CHANNEL)).spawn();
        Self { case, running, ours }
    }

    /// Waits for its end, while the other end of the channel stays open.
    #[track_caller]
    fn end(mut self) -> End {
        let outcome = self.running.wait();
        assert!(outcome.stdout.is_empty(), "{outcome:?}");
        self.case.wait_until_empty();
        let mut said = Vec::new();
        // What it has not taken out makes the end of the channel an error.
        let _ = self.ours.read_to_end(&mut said);
        let stderr = String::from_utf8(outcome.stderr).unwrap();
        End { status: outcome.status.code(), said, stderr }
    }

    /// Waits for its end after the other end of the channel was closed.
    #[track_caller]
    fn end_alone(self) -> Option<i32> {
        drop(self.ours);
        let outcome = self.running.wait();
        assert!(outcome.stderr.is_empty() && outcome.stdout.is_empty(), "{outcome:?}");
        self.case.wait_until_empty();
        outcome.status.code()
    }
}

/// With the attribute, and without.
const PROGRAMS: [&str; 2] = [program!("witness"), program!("by_hand")];

/// What was said is refused, without waiting for more.
#[track_caller]
fn assert_refused(waiting: &[u8], what: &str) {
    for program in PROGRAMS {
        let case = Case::new();
        let end = Deceived::start(&case, program, 2, waiting).end();
        assert_eq!((end.status, end.stderr.as_str()), (Some(71), ""), "{what}");
        let said = String::from_utf8_lossy(&end.said);
        assert!(said.contains("cannot take over what the parent hands on"), "{what}: {said:?}");
    }
}

#[test]
fn forged_start_that_is_right_in_everything_is_one() {
    // Or else the others would show nothing.
    for program in PROGRAMS {
        let case = Case::new();
        let waiting = [settings(&[FILE], None), confirm()].concat();
        let deceived = Deceived::start(&case, program, 2, &waiting);
        let daemon = case.puppet();
        assert_eq!(daemon.text("stage"), "daemon");
        daemon.go();
        assert_eq!(deceived.end().status, Some(0));
    }
}

#[test]
fn nonsense_in_place_of_the_settings_is_refused() {
    let good = settings(&[FILE], None);
    let mut short = good.clone();
    short.pop();
    short[0] -= 1;
    let long = frame(2, &[&good[5..], &[0]].concat());
    let many_files = frame(2, &u32::MAX.to_le_bytes());
    let long_name = frame(2, &[[1, 0, 0, 0], [0xff; 4]].concat());
    let table: [(&str, &[u8]); 9] = [
        ("an empty frame", &[0; 4]),
        ("no such kind", &frame(0, b"")),
        ("no such kind, again", &frame(255, b"garbage")),
        ("another message", &hello()),
        ("the confirmation", &confirm()),
        ("too short", &short),
        ("too long", &long),
        ("too many files", &many_files),
        ("too long a name", &long_name),
    ];
    for (what, waiting) in table {
        assert_refused(waiting, what);
    }
}

#[test]
fn option_that_the_program_does_not_have_is_refused() {
    let mut waiting = settings(&[FILE], None);
    // Behind the frame's length and kind, and the list of one file: whether output is captured.
    let captured = 5 + 4 + (4 + "file".len()) + (4 + 4);
    assert_eq!(std::mem::replace(&mut waiting[captured], 1), 0);
    let case = Case::new();
    let end = Deceived::start(&case, program!("witness"), 2, &waiting).end();
    assert_eq!((end.status, end.stderr.as_str()), (Some(71), ""));
    let said = String::from_utf8_lossy(&end.said);
    assert!(said.contains("cannot take over what the parent hands on"), "{said:?}");
}

#[test]
fn frame_that_is_too_long_is_refused_by_its_length() {
    for length in [4 * 1024 * 1024 + 1, i32::MAX.cast_unsigned(), u32::MAX] {
        assert_refused(&length.to_le_bytes(), &format!("{length} bytes"));
        assert_refused(&[&length.to_le_bytes()[..], &[b'x'; 100_000]].concat(), &format!("{length} bytes"));
    }
}

#[test]
fn descriptors_that_cannot_be_handed_on_are_refused() {
    let files: [&[i32]; 10] = [
        &[CLOSED],
        &[FILE, CLOSED],
        &[CHANNEL],
        &[LINE],
        &[FILE, FILE],
        &[0],
        &[2],
        &[-1],
        &[i32::MAX],
        &[i32::MIN],
    ];
    for file in files {
        assert_refused(&settings(file, None), &format!("{file:?}"));
    }
    for directory in [CLOSED, CHANNEL, LINE, FILE, 1, -1] {
        assert_refused(&settings(&[FILE], Some(directory)), &format!("the directory {directory}"));
    }
}

#[test]
fn peer_that_is_gone_ends_the_daemon() {
    let good = settings(&[FILE], None);
    for program in PROGRAMS {
        for waiting in [&[][..], &good[..3], &good[..good.len() - 1]] {
            let case = Case::new();
            assert_eq!(Deceived::start(&case, program, 2, waiting).end_alone(), Some(71), "{waiting:?}");
        }
    }
}

#[test]
fn peer_that_is_gone_ends_the_first_child_and_the_daemon() {
    let good = settings(&[FILE], None);
    for program in PROGRAMS {
        for waiting in [&[][..], &good[..3], &good] {
            let case = Case::new();
            assert_eq!(Deceived::start(&case, program, 1, waiting).end_alone(), Some(0), "{waiting:?}");
        }
    }
}

#[test]
fn first_child_reports_a_daemon_that_was_told_nonsense() {
    for program in PROGRAMS {
        let case = Case::new();
        let end = Deceived::start(&case, program, 1, &frame(255, b"garbage")).end();
        assert_eq!(end.status, Some(0));
        // The status that the daemon ended with, over the channel.
        let ended = frame(9, &[0, 71, 0, 0, 0, 2]);
        assert!(end.said.ends_with(&ended), "{:?}", end.said);
    }
}

/// Nothing is open where the line should be, and everything else is right.
#[track_caller]
fn assert_line_refused(number: u8, words: &str) {
    let waiting = [settings(&[FILE], None), confirm()].concat();
    for program in PROGRAMS {
        let case = Case::new();
        let end = Deceived::start_with(&case, program, number, &waiting, &[]).end();
        assert_eq!(end.status, Some(71));
        assert!(end.stderr.ends_with(words), "{}", end.stderr);
    }
}

#[test]
fn line_of_the_first_child_that_is_not_open_is_refused() {
    // Its parent hears it over the channel.
    assert_line_refused(1, "");
}

#[test]
fn line_of_the_daemon_that_is_not_open_is_refused() {
    assert_line_refused(2, ": the stage of the start names a descriptor that is not there\n");
}
