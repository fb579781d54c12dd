//! Nothing hangs: whoever prints waits for a reader that takes its time, and goes on when what reads waits for him.

use std::{
    fs::{self, File},
    os::fd::AsRawFd,
    thread,
    time::{Duration, Instant},
};

use nix::{
    fcntl::{FcntlArg, fcntl},
    sys::wait::WaitStatus,
};
use support::{Case, Process, Puppet, wait_for_end, wait_until};

use crate::forwarded::{assert_same, daemon, kept, lines};

const MIB: usize = 1 << 20;

/// How long one call of a closure may take before nobody waits for it any more.
const PATIENCE: Duration = Duration::from_secs(5);

/// Lines of many lengths that begin with their numbers, of about so many bytes.
fn numbered(size: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(size + 2000);
    for number in 0.. {
        if bytes.len() >= size {
            break;
        }
        let filler = "x".repeat(number * number % 1901);
        bytes.extend(format!("{number} {filler}\n").as_bytes());
    }
    bytes
}

/// The pipe in the place of a stream, seen from outside.
#[derive(Debug, PartialEq, Eq)]
struct Pipe {
    size: usize,
    held: usize,
}

impl Pipe {
    #[track_caller]
    fn of(process: Process, number: i32) -> Self {
        // For reading, so that nobody waits for another end of it.
        let pipe = File::open(format!("/proc/{}/fd/{number}", process.0)).unwrap();
        let size = fcntl(&pipe, FcntlArg::F_GETPIPE_SZ).unwrap();
        Self { size: size.try_into().unwrap(), held: held(&pipe) }
    }

    fn is_full(&self) -> bool {
        self.held == self.size
    }
}

/// How much is in a pipe.
#[expect(unsafe_code, reason = "there is no other way to ask")]
fn held(pipe: &File) -> usize {
    let mut count: libc::c_int = 0;
    // SAFETY: the number is writable, and of the type that the request writes.
    let result = unsafe { libc::ioctl(pipe.as_raw_fd(), libc::FIONREAD, &raw mut count) };
    assert_eq!(result, 0);
    count.try_into().unwrap()
}

#[track_caller]
fn wait_until_empty(process: Process, number: i32) {
    wait_until("an empty pipe", || (Pipe::of(process, number).held == 0).then_some(()));
}

/// It can still end as it wants to.
#[track_caller]
fn assert_ends(daemon: Puppet) {
    let process = daemon.process();
    daemon.order("exit", "3");
    let ended = wait_for_end(process.0);
    assert!(matches!(ended, WaitStatus::Exited(_, 3)), "{ended:?}");
}

/// Tests that wait for seconds do so at the same time.
pub(crate) fn at_once<T: Sync>(variants: &[T], test: impl Fn(&T) + Sync) {
    thread::scope(|scope| {
        for variant in variants {
            let test = &test;
            scope.spawn(move || test(variant));
        }
    });
}

// A reader that nobody reads

/// The thread that prints sleeps in `write`, and the pipe is full to the last byte, and as large as documented.
#[track_caller]
fn wait_until_it_waits(daemon: &Puppet) {
    let thread = Process(daemon.number("thread"));
    let pipe = wait_until("a full pipe", || {
        let pipe = Pipe::of(daemon.process(), 1);
        (pipe.is_full() && thread.stat().state == 'S').then_some(pipe)
    });
    assert!([MIB, 64 << 10].contains(&pipe.size), "{pipe:?}");
    // Not every system tells.
    if let Ok(call) = fs::read_to_string(format!("/proc/{}/syscall", thread.0)) {
        assert!(call.starts_with(&format!("{} 0x1 ", libc::SYS_write)), "{call}");
    }
}

#[test]
fn reader_that_nobody_reads_blocks_the_daemon_until_it_is_read() {
    let printed = numbered(10 * MIB);
    // One that was not taken, one that was, and one that is forwarded in the end.
    for take in [None, Some("take=stdout")] {
        let case = Case::new();
        let actions = ["spawn=stdout", "stop=full", "read=stdout", "join", "stop=end"];
        let actions: Vec<_> = take.into_iter().chain(actions).collect();
        let first = daemon(&case, [&printed, b""], &actions);
        wait_until_it_waits(&first);
        first.go();
        assert_eq!(case.puppet().text("same"), "true");
    }
    let case = Case::new();
    let actions = ["spawn=stdout", "stop=full", "stdout=keep", "join", "close", "ended=stdout", "stop=end"];
    let first = daemon(&case, [&printed, b""], &actions);
    wait_until_it_waits(&first);
    first.go();
    let _last = case.puppet();
    assert_same(&kept(&case, "stdout"), &lines(&printed), "forwarded later");
}

#[test]
fn forgotten_reader_blocks_the_daemon_which_can_end() {
    let case = Case::new();
    let daemon = daemon(&case, [&numbered(10 * MIB), b""], &["forget=stdout", "spawn=stdout", "stop=full"]);
    wait_until_it_waits(&daemon);
    assert_ends(daemon);
}

// A closure that takes its time

#[test]
fn slow_closure_makes_who_prints_wait_and_gets_everything() {
    const COUNT: usize = 130;
    let printed = [vec![b'x'; 61_439], b"\n".to_vec()].concat().repeat(COUNT);
    let case = Case::new();
    // All calls together take longer than one of them may, and the pipe is full all that time.
    let actions = ["stdout=slow", "print=c-at-once", "bytes=stdout", "stop=printed", "close", "ended=stdout"];
    let begin = Instant::now();
    let daemon = daemon(&case, [&printed, b""], &[&actions[..], &["stop=end"]].concat());
    // What was not handed out when all had been printed is in the pipe, or has just been read.
    let behind = printed.len() - usize::try_from(daemon.number("bytes")).unwrap();
    let room = Pipe::of(daemon.process(), 1).size + 256 * 1024;
    assert!(behind <= room, "{behind} bytes behind, and room for {room}");
    daemon.go();
    let _daemon = case.puppet();
    assert!(begin.elapsed() > PATIENCE);
    assert_same(&kept(&case, "stdout"), &lines(&printed), "slowly");
}

/// How much a line says is missing.
fn gap(line: &[u8]) -> Option<usize> {
    let rest = str::from_utf8(line).ok()?.strip_prefix("godaemon: at least ")?;
    let (number, rest) = rest.split_once(' ')?;
    assert_eq!(rest, "bytes of standard output are missing here: what reads it took too long");
    number.parse().ok()
}

/// Where something is missing this is told, with a number that is true; what comes is whole and in order.
#[track_caller]
fn assert_gaps_are_told(kept: &[Vec<u8>], printed: &[u8], how: &str) {
    let printed = lines(printed);
    // A line that is printed in one piece is thrown away as a whole.
    let rest = if how.ends_with("line-by-line") {
        0
    } else {
        printed.iter().map(|line| line.len() + 1).max().unwrap()
    };
    let (mut gaps, mut next) = (0, 0);
    // Between two lines: how much is told, and how much more may be missing.
    let (mut told, mut untold) = (0, 0);
    for line in kept {
        if let Some(lost) = gap(line) {
            gaps += 1;
            told += lost;
            // The rest of a line of which the beginning was lost.
            untold += rest;
            continue;
        }
        let begin = next;
        next += printed[begin..].iter().position(|printed| printed == line).unwrap_or_else(|| {
            let length = line.len();
            panic!("{how}: no such line, of {length} bytes: {}", line[..length.min(100)].escape_ascii())
        });
        let missing: usize = printed[begin..next].iter().map(|line| line.len() + 1).sum();
        let is_true = (told..=told + untold).contains(&missing);
        assert!(is_true, "{how}: {missing} bytes are missing before line {next}, told {told}");
        (told, untold) = (0, 0);
        next += 1;
    }
    assert!(gaps > 0, "{how}: nothing is missing");
    assert_eq!(next, printed.len(), "{how}: the last line has come");
}

#[test]
fn closure_that_does_not_return_holds_nobody_up_and_is_told_what_is_missing() {
    let (much, little) = (numbered(10 * MIB), numbered(MIB));
    // Where the system allows no large pipe.
    let small: &[&str] = &["pipe=65536"];
    let variants = [
        (&[][..], "stop", "c-at-once", &much),
        (&[], "stop", "c-line-by-line", &much),
        (&[], "stop", "rust", &much),
        // Full, with few bytes more than the half of what it can hold.
        (&[], "stop", "half-pages", &much),
        (small, "stop", "c-at-once", &little),
        (small, "stop", "half-pages", &little),
        // It waits for those who wait for it.
        (&[], "lock", "with-the-lock", &much),
    ];
    at_once(&variants, |(pipe, closure, how, printed)| {
        let case = Case::new();
        let (forward, print) = (format!("stdout={closure}"), format!("print={how}"));
        let actions = [&forward, "println=stop", &print, "stop=printed", "println=later", "close"];
        let actions = [pipe, &actions[..], &["ended=stdout", "stop=end"]].concat();
        let begin = Instant::now();
        let mut first = daemon(&case, [printed, b""], &actions);
        if *closure == "stop" {
            assert_eq!(first.text("point"), "closure");
            let second = case.puppet();
            // It has not returned by now.
            first.go();
            first = second;
        }
        assert_eq!(first.text("point"), "printed");
        assert!(begin.elapsed() >= PATIENCE, "{how}: {:?}", begin.elapsed());
        wait_until_empty(first.process(), 1);
        first.go();
        let _last = case.puppet();
        let all = [b"stop\n", printed.as_slice(), b"later\n"].concat();
        assert_gaps_are_told(&kept(&case, "stdout"), &all, &format!("{pipe:?}, {how}"));
    });
}

#[test]
fn what_there_is_room_for_is_kept_however_long_a_call_takes() {
    let own = ["stdout=stop", "println=stop", "stop=begun", "println=kept", "stop=printed", "close"];
    // Only a child has the pipe by then.
    let of_a_child =
        ["child=kept", "stdout=stop", "println=stop", "close", "stop=begun", "let-child", "stop=printed"];
    at_once(&[own.as_slice(), &of_a_child], |actions| {
        let case = Case::new();
        let first = daemon(&case, [b"", b""], &[*actions, &["ended=stdout", "stop=end"]].concat());
        let begin = Instant::now();
        let second = case.puppet();
        let (closure, begun) =
            if first.text("point") == "closure" { (first, second) } else { (second, first) };
        begun.go();
        let printed = case.puppet();
        let enough = PATIENCE + Duration::from_secs(1);
        wait_until("a call that takes long", || (begin.elapsed() > enough).then_some(()));
        closure.go();
        printed.go();
        let _last = case.puppet();
        assert_same(&kept(&case, "stdout"), &[b"stop", b"kept"], actions[0]);
    });
}

// A closure that prints

#[test]
fn closure_that_prints_to_its_own_stream_gets_its_lines_for_ever_and_the_daemon_lives_and_ends() {
    for how in ["echo", "echo-as-c"] {
        let case = Case::new();
        let forward = format!("stdout={how}");
        let actions =
            [&forward, "println=one", "seen-stdout=1000", "println=two", "seen-stdout=2000", "stop=up"];
        let daemon = daemon(&case, [b"", b""], &actions);
        assert_ends(daemon);
    }
}

#[test]
fn closure_that_prints_holds_nobody_up_who_prints_much() {
    let printed = numbered(10 * MIB);
    let variants = [
        ("stdout=echo", "count", "print=rust"),
        // With the lock that the closure needs.
        ("stdout=echo", "count", "print=at-once"),
        ("stdout=echo-as-c", "count", "print=c-at-once"),
        ("stdout=cross", "cross", "print=rust"),
        ("stdout=cross", "cross", "print=at-once"),
    ];
    at_once(&variants, |(stdout, stderr, print)| {
        let case = Case::new();
        let stderr = format!("stderr={stderr}");
        let daemon = daemon(&case, [&printed, &printed], &[stdout, &stderr, print, "stop=printed"]);
        assert_ends(daemon);
    });
}

#[test]
fn closure_that_panics_while_its_stream_is_full_holds_nobody_up() {
    let case = Case::new();
    let actions =
        ["hook", "stderr=fall-when-full", "eprintln=fall", "print=c-at-once", "hooked", "stop=printed"];
    let rest = ["eprintln=later", "close", "ended=stderr", "stop=end"];
    let first = daemon(&case, [b"", &numbered(10 * MIB)], &[&actions[..], &rest].concat());
    assert_eq!(first.text("hooked"), "1");
    wait_until_empty(first.process(), 2);
    first.go();
    let _last = case.puppet();
    assert_eq!(kept(&case, "stderr").last().unwrap(), b"later");
}
