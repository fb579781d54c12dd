//! A program that is measured: started, listened to, and gone for certain.
//!
//! Its standard input is a connection to the benchmark, one line for each [`Message`]; a daemon takes the connection with it.
//! The end of the connection tells each side that the other one is gone, however that happened: so no program outlives
//! its benchmark, and the next run begins when nothing of the last one is left.

use crate::Result;
use crate::guard::{self, Deadline};
use nix::sys::signal::{Signal, raise};
use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command};
use std::str::FromStr;
use std::thread;

/// A program, seen from the benchmark.
#[derive(Debug)]
pub struct Program {
    child: Child,
    connection: BufReader<UnixStream>,
    _deadline: Deadline,
}

impl Program {
    /// Starts a program. Orphans, such as a daemon, become the benchmark's, where the system has this.
    pub fn start(mut command: Command) -> Result<Program> {
        let what = format!("{command:?}");
        let (own, other) = UnixStream::pair()?;
        let (child, deadline) = guard::start(&what, command.stdin(OwnedFd::from(other)))?;
        // The command would keep the other end.
        drop(command);
        Ok(Program { child, connection: BufReader::new(own), _deadline: deadline })
    }

    /// What its standard output goes to, if that is a pipe to the benchmark.
    pub fn stdout(&mut self) -> Result<impl Read + AsFd + use<>> {
        Ok(self.child.stdout.take().ok_or("standard output is no pipe")?)
    }

    /// Waits for the next message.
    pub fn receive<M: FromStr<Err: fmt::Display>>(&mut self) -> Result<M> {
        let mut line = String::new();
        self.connection.read_line(&mut line)?;
        line.trim_end().parse().map_err(|why| format!("the program said {line:?}: {why}").into())
    }

    /// Waits until nothing of it is left, without a word of it, and with success.
    pub fn end(mut self) -> Result<()> {
        let mut rest = String::new();
        self.connection.read_to_string(&mut rest)?;
        if !rest.is_empty() {
            return Err(format!("the program had more to say: {rest:?}").into());
        }
        let status = self.child.wait()?;
        guard::reap()?;
        if status.success() { Ok(()) } else { Err(format!("the program failed: {status}").into()) }
    }
}

/// The benchmark, seen from a program.
#[derive(Debug)]
pub struct Benchmark(UnixStream);

impl Benchmark {
    /// The connection that is standard input.
    pub fn connection() -> io::Result<UnixStream> {
        Ok(io::stdin().as_fd().try_clone_to_owned()?.into())
    }

    /// Ends this process from now on when the benchmark is gone, whatever it is doing.
    pub fn watched(connection: UnixStream) -> io::Result<Benchmark> {
        let mut watched = connection.try_clone()?;
        thread::spawn(move || {
            // The benchmark never sends anything.
            let _ = watched.read(&mut [0]);
            let _ = raise(Signal::SIGKILL);
        });
        Ok(Benchmark(connection))
    }

    /// Sends a message.
    pub fn send(&mut self, message: &impl fmt::Display) -> io::Result<()> {
        self.0.write_all(format!("{message}\n").as_bytes())
    }
}

/// What programs say in their messages: numbers.
pub fn numbers<const N: usize>(line: &str) -> std::result::Result<[u64; N], String> {
    let numbers: std::result::Result<Vec<u64>, _> = line.split(' ').map(str::parse).collect();
    let numbers = numbers.map_err(|why| why.to_string())?;
    numbers.try_into().map_err(|_| format!("expected {N} numbers"))
}
