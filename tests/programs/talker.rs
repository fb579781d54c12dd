//! A daemon that prints what it finds in the files `stdout` and `stderr`, and puts what comes out of its readers into
//! `captured-stdout` and `captured-stderr`, with the lengths of the pieces in `lengths-stdout` and `lengths-stderr`.
//! Then it is ready.
//!
//!     talker HOW-TO-READ HOW-TO-PRINT [--foreground]
//!
//! What `EARLY` says is printed before anything is captured.

use std::{
    env,
    error::Error,
    fs::{self, File},
    io::{self, BufRead, Read, Write},
    os::fd::{AsFd, OwnedFd},
    process::{Command, Stdio},
    thread,
};

use godaemon::{Reader, Ready, Stage};
use nix::{
    poll::{PollFd, PollFlags, PollTimeout, poll},
    unistd::{dup2_stderr, dup2_stdout, write},
};

#[godaemon::main(
    values = [args = Args::parse()?],
    foreground = args.foreground,
    working_dir = ".",
    capture_output,
)]
fn main(args: Args, stdout: Reader, stderr: Reader, ready: Ready) -> Result<(), Box<dyn Error>> {
    thread::scope(|scope| {
        let how = args.read.as_str();
        let pipes = [stdout.as_fd().try_clone_to_owned()?, stderr.as_fd().try_clone_to_owned()?];
        let readers = [scope.spawn(|| collect(stdout, how)), scope.spawn(|| collect(stderr, how))];
        print(&args.print, &pipes)?;
        // Nothing prints any more: that is the end of what the readers get.
        let null = File::options().write(true).open("/dev/null")?;
        dup2_stdout(&null)?;
        dup2_stderr(&null)?;
        for (reader, name) in readers.into_iter().zip(["stdout", "stderr"]) {
            keep(&reader.join().map_err(|_| "a reader panicked")??, name)?;
        }
        Ok::<_, Box<dyn Error>>(())
    })?;
    Ok(ready.notify()?)
}

struct Args {
    read: String,
    print: String,
    foreground: bool,
}

impl Args {
    fn parse() -> Result<Self, Box<dyn Error>> {
        let mut args = env::args().skip(1);
        let mut next = || args.next().ok_or("an argument is missing");
        let (read, print) = (next()?, next()?);
        if godaemon::stage() == Stage::Daemon
            && let Ok(text) = env::var("EARLY")
        {
            println!("{text} on stdout");
            eprintln!("{text} on stderr");
        }
        Ok(Self { read, print, foreground: args.next().is_some_and(|arg| arg == "--foreground") })
    }
}

/// Reads to the end, and gives back the pieces in which it came.
fn collect(mut reader: Reader, how: &str) -> io::Result<Vec<Vec<u8>>> {
    let mut buffered = |size: usize| {
        let mut buffer = vec![0; size];
        let mut pieces = Vec::new();
        loop {
            match reader.read(&mut buffer)? {
                0 => return Ok(pieces),
                count => pieces.push(buffer[..count].to_vec()),
            }
        }
    };
    match how {
        "read" => buffered(1 << 20),
        "read-little" => buffered(7),
        "read_line" => {
            let mut pieces = Vec::new();
            loop {
                let mut line = String::new();
                match reader.read_line(&mut line)? {
                    0 => return Ok(pieces),
                    _ => pieces.push(line.into_bytes()),
                }
            }
        }
        "lines" => reader.lines().map(|line| Ok(line?.into_bytes())).collect(),
        _ => Err(io::Error::other("no such way to read")),
    }
}

fn keep(pieces: &[Vec<u8>], name: &str) -> io::Result<()> {
    fs::write(format!("captured-{name}"), pieces.concat())?;
    let lengths: Vec<_> = pieces.iter().map(|piece| piece.len().to_string()).collect();
    fs::write(format!("lengths-{name}"), lengths.join(" "))
}

/// Prints to both streams, in most ways at the same time.
fn print(how: &str, pipes: &[OwnedFd; 2]) -> Result<(), Box<dyn Error>> {
    /// Of pieces that know nothing of lines.
    const PIECE: usize = 1000;
    let [output, error] = [fs::read("stdout")?, fs::read("stderr")?];
    match how {
        "rust" => in_parallel(
            || output.chunks(PIECE).try_for_each(|piece| io::stdout().write_all(piece)),
            || error.chunks(PIECE).try_for_each(|piece| io::stderr().write_all(piece)),
        )?,
        "macros" => {
            let [output, error] = [String::from_utf8(output)?, String::from_utf8(error)?];
            output.lines().for_each(|line| println!("{line}"));
            error.lines().for_each(|line| eprintln!("{line}"));
        }
        "c" => in_parallel(|| write_all(io::stdout(), &output), || write_all(io::stderr(), &error))?,
        "slowly" => {
            let (stdout, stderr) = (io::stdout(), io::stderr());
            for (stream, bytes, pipe) in
                [(stdout.as_fd(), &output, &pipes[0]), (stderr.as_fd(), &error, &pipes[1])]
            {
                for piece in bytes.chunks(PIECE) {
                    write_all(stream, piece)?;
                    wait_until_read(pipe);
                }
            }
        }
        "child" => {
            let script = "cat stdout & cat stderr >&2; wait";
            if !Command::new("/bin/sh").arg("-c").arg(script).stdin(Stdio::null()).status()?.success() {
                return Err("the child could not print".into());
            }
        }
        _ => return Err("no such way to print".into()),
    }
    Ok(io::stdout().flush()?)
}

fn in_parallel(
    one: impl FnOnce() -> io::Result<()> + Send,
    other: impl FnOnce() -> io::Result<()>,
) -> io::Result<()> {
    thread::scope(|scope| {
        let one = scope.spawn(one);
        other()?;
        one.join().map_err(|_| io::Error::other("printing panicked"))?
    })
}

/// So what is printed next comes in another piece.
fn wait_until_read(pipe: &OwnedFd) {
    support::wait_until("the reader", || {
        let mut asked = [PollFd::new(pipe.as_fd(), PollFlags::POLLIN)];
        (poll(&mut asked, PollTimeout::ZERO) == Ok(0)).then_some(())
    });
}

/// As C does it: the system call, past all of std.
fn write_all(stream: impl AsFd, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        bytes = &bytes[write(&stream, bytes)?..];
    }
    Ok(())
}
