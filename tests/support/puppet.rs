//! A program that stops, says what it sees, and does as it is told.
//!
//! The program's side is [`obey`], the test's is [`Puppet`]. What goes from the program to the test is a report: lines
//! `KEY LENGTH`, each followed by that many bytes and the end of the line, and a last line `end`. What comes back is
//! one order in a line.

use std::{
    env,
    ffi::OsStr,
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Read, Write},
    mem,
    os::unix::{ffi::OsStrExt, net::UnixStream},
    path::PathBuf,
    process::{self, Command, Stdio},
};

use nix::{
    sys::signal::{Signal, raise},
    unistd::{getpgrp, getppid, getsid},
};

use crate::{Process, case, sys, wait::DEADLINE};

/// Reports from the point in the program with this name, and obeys until it is told to go on.
///
/// # Errors
///
/// The test wants one here.
pub fn obey(point: &str) -> Result<(), String> {
    obey_with(point, &[])
}

/// The same, with more to tell.
///
/// # Errors
///
/// The test wants one here.
pub fn obey_with(point: &str, more: &[(&str, &str)]) -> Result<(), String> {
    let stream = UnixStream::connect_addr(&case::own_address()).unwrap();
    let mut orders = BufReader::new(&stream);
    loop {
        (&stream).write_all(&report(point, more)).unwrap();
        let mut line = String::new();
        orders.read_line(&mut line).unwrap();
        let Some((order, what)) = line.trim_end_matches('\n').split_once(' ') else {
            // The end of input: the test is over.
            process::exit(0);
        };
        let number = || what.parse().unwrap();
        match order {
            "go" => return Ok(()),
            "error" => return Err(what.to_owned()),
            "panic" => panic!("{what}"),
            "exit" => process::exit(number()),
            // Twice for SIGSEGV and SIGBUS: std's handler only makes way for the default.
            "raise" => loop {
                raise(Signal::try_from(number()).unwrap()).unwrap();
            },
            "print" => println!("{what}"),
            // Without O_NOCTTY, as one opens a file that happens to be a terminal. It stays open.
            "open" => mem::forget(OpenOptions::new().read(true).write(true).open(what).unwrap()),
            // A helper that lives on, with the same stdout and stderr.
            "helper" => drop(Command::new(what).arg("1000").stdin(Stdio::null()).spawn().unwrap()),
            "status" => assert!(Command::new(what).status().unwrap().success()),
            _ => panic!("unknown order: {line}"),
        }
    }
}

/// What only the process itself can tell. The rest is looked at from outside.
fn report(point: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let mut report = Vec::new();
    let mut tell = |key: &str, value: &[u8]| {
        writeln!(report, "{key} {}", value.len()).unwrap();
        report.extend_from_slice(value);
        report.push(b'\n');
    };
    tell("point", point.as_bytes());
    tell("stage", godaemon::stage().to_string().as_bytes());
    for (key, value) in more {
        tell(key, value.as_bytes());
    }
    tell("pid", process::id().to_string().as_bytes());
    tell("ppid", getppid().to_string().as_bytes());
    tell("pgid", getpgrp().to_string().as_bytes());
    tell("sid", getsid(None).unwrap().to_string().as_bytes());
    tell("terminal", error_of(File::open("/dev/tty")).as_bytes());
    if let Ok(path) = env::current_dir() {
        tell("directory", path.as_os_str().as_bytes());
    }
    if let Some(path) = godaemon::launch_dir() {
        tell("launch_dir", path.as_os_str().as_bytes());
    }
    for arg in env::args_os() {
        tell("arg", arg.as_bytes());
    }
    for entry in sys::environment() {
        tell("env", &entry);
    }
    report.extend_from_slice(b"end\n");
    report
}

fn error_of<T>(result: io::Result<T>) -> String {
    result.err().map_or("none".to_owned(), |error| error.raw_os_error().unwrap().to_string())
}

/// A program that has stopped to report. When this is dropped before an order was given, the program ends.
#[derive(Debug)]
pub struct Puppet {
    stream: BufReader<UnixStream>,
    report: Vec<(String, Vec<u8>)>,
}

impl Puppet {
    #[track_caller]
    pub(crate) fn new(stream: UnixStream) -> Self {
        stream.set_nonblocking(false).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let mut puppet = Self { stream: BufReader::new(stream), report: Vec::new() };
        puppet.read_report();
        puppet
    }

    #[track_caller]
    fn read_report(&mut self) {
        self.report.clear();
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).unwrap();
            if line == "end\n" {
                break;
            }
            let (key, length) = line.trim_end().split_once(' ').expect("a whole report");
            let mut value = vec![0; length.parse::<usize>().unwrap() + 1];
            self.stream.read_exact(&mut value).unwrap();
            assert_eq!(value.pop(), Some(b'\n'));
            self.report.push((key.to_owned(), value));
        }
    }

    /// Everything with this key, in order.
    pub fn all(&self, key: &str) -> Vec<&[u8]> {
        self.report.iter().filter(|(name, _)| name == key).map(|(_, value)| value.as_slice()).collect()
    }

    /// What has this key, if it was told.
    #[track_caller]
    pub fn path(&self, key: &str) -> Option<PathBuf> {
        match self.all(key)[..] {
            [] => None,
            [value] => Some(OsStr::from_bytes(value).into()),
            _ => panic!("more than one {key}"),
        }
    }

    /// What has this key, as text.
    #[track_caller]
    pub fn text(&self, key: &str) -> &str {
        match self.all(key)[..] {
            [value] => str::from_utf8(value).unwrap(),
            _ => panic!("not one {key}: {:?}", self.report),
        }
    }

    #[track_caller]
    pub fn number(&self, key: &str) -> i32 {
        self.text(key).parse().unwrap()
    }

    pub fn process(&self) -> Process {
        Process(self.number("pid"))
    }

    /// Lets the program go on.
    #[track_caller]
    pub fn go(self) {
        self.order("go", "");
    }

    /// Lets the program go on, and returns when it has left this point.
    #[track_caller]
    pub fn see_off(mut self) {
        self.send("go", "");
        // It lets go of the connection when it leaves.
        let mut rest = Vec::new();
        self.stream.read_to_end(&mut rest).unwrap();
        assert_eq!(rest, b"");
    }

    /// An order that the program does not come back from.
    #[track_caller]
    pub fn order(mut self, order: &str, what: &str) {
        self.send(order, what);
    }

    /// An order after which the program stops and reports once more.
    #[track_caller]
    pub fn do_and_report(&mut self, order: &str, what: &str) {
        self.send(order, what);
        self.read_report();
    }

    #[track_caller]
    fn send(&mut self, order: &str, what: &str) {
        let mut stream = self.stream.get_ref();
        writeln!(stream, "{order} {what}").unwrap();
    }
}
