//! A daemon that does with the reader of its stdout what its argument says, and reports.
#![allow(unsafe_code, reason = "only C offers `fork`")]

use std::{
    env,
    error::Error,
    io::{self, BufRead, PipeReader, Read, Write},
    os::fd::AsFd,
    process::{self, Command, Stdio},
    sync::mpsc,
    thread,
};

use godaemon::Reader;
use nix::{
    fcntl::{FcntlArg, OFlag, fcntl},
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::wait::waitpid,
    unistd::{ForkResult, fork, gettid, write},
};
use support::Process;

/// More than any pipe holds.
const MUCH: usize = 2 << 20;

#[godaemon::main(capture_output, values = [what = env::args().nth(1).ok_or("what?")?])]
fn main(what: String, stdout: Reader, stderr: Reader) -> Result<(), Box<dyn Error>> {
    match what.as_str() {
        "keep" => support::obey_with("body", &[("reader", &format!("{stdout:?}"))])?,
        "drop" => outlive(stdout)?,
        "drop-while-full" => print_while_dropping(stdout)?,
        "drop-before-child" => let_child_print_after(stdout)?,
        "drop-impatient-before-child" => {
            fcntl(&stdout, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
            let_child_print_after(stdout)?;
        }
        "into-fd" => take_raw(stdout)?,
        "drop-in-child" => let_child_drop(stdout)?,
        _ => return Err("no such thing to do".into()),
    }
    drop(stderr);
    Ok(())
}

fn print_much() -> io::Result<()> {
    io::stdout().write_all(&vec![b'x'; MUCH])?;
    io::stdout().flush()
}

/// The next print.
fn outlive(stdout: Reader) -> Result<(), Box<dyn Error>> {
    drop(stdout);
    print_much()?;
    println!("and a line");
    Ok(support::obey("body")?)
}

/// The prints under way, in other threads: one that has put a part into the pipe, one that has put nothing there.
fn print_while_dropping(stdout: Reader) -> Result<(), Box<dyn Error>> {
    let print = thread::spawn(print_much);
    support::wait_until("the pipe to be full", || {
        let output = io::stdout();
        let mut asked = [PollFd::new(output.as_fd(), PollFlags::POLLOUT)];
        (poll(&mut asked, PollTimeout::ZERO) == Ok(0)).then_some(())
    });
    let (sender, receiver) = mpsc::channel();
    // As C does it, past the lock that the other print holds.
    let other = thread::spawn(move || sender.send(gettid()).is_ok() && write(io::stdout(), b"x") == Ok(1));
    let thread = Process(receiver.recv()?.as_raw());
    support::wait_until("a thread to wait for room", || (thread.stat().state == 'S').then_some(()));
    drop(stdout);
    print.join().map_err(|_| "the print panicked")??;
    if !other.join().map_err(|_| "a thread panicked")? {
        return Err("the other print failed".into());
    }
    Ok(support::obey("body")?)
}

/// A child that had the stream before the reader was dropped.
fn let_child_print_after(stdout: Reader) -> Result<(), Box<dyn Error>> {
    let script = format!("read go; head -c {MUCH} /dev/zero");
    let mut child = Command::new("/bin/sh").arg("-c").arg(script).stdin(Stdio::piped()).spawn()?;
    drop(stdout);
    // Dropping its stdin is the word.
    child.stdin.take();
    let status = child.wait()?;
    Ok(support::obey_with("body", &[("child", &status.to_string())])?)
}

/// A child that runs no program of its own, and has the reader as well.
fn let_child_drop(mut stdout: Reader) -> Result<(), Box<dyn Error>> {
    println!("one");
    // SAFETY: there is no other thread.
    match unsafe { fork() }? {
        ForkResult::Child => {
            drop(stdout);
            process::exit(0)
        }
        ForkResult::Parent { child } => waitpid(child, None)?,
    };
    println!("two");
    let mut lines = String::new();
    stdout.read_line(&mut lines)?;
    stdout.read_line(&mut lines)?;
    Ok(support::obey_with("body", &[("lines", &lines)])?)
}

fn take_raw(mut stdout: Reader) -> Result<(), Box<dyn Error>> {
    // In one write, so that one read takes both.
    io::stdout().write_all(b"one\ntw")?;
    io::stdout().flush()?;
    let mut line = String::new();
    stdout.read_line(&mut line)?;
    let (pipe, read_ahead) = stdout.into_fd();
    let mut pipe = PipeReader::from(pipe);
    // No whole line: what comes out is raw.
    print!("o");
    io::stdout().flush()?;
    let mut raw = [0];
    pipe.read_exact(&mut raw)?;
    drop(pipe);
    let error = print_much().err().and_then(|error| error.raw_os_error());
    let report = [
        ("line", line),
        ("read_ahead", String::from_utf8(read_ahead)?),
        ("raw", String::from_utf8(raw.into())?),
        ("error", error.unwrap_or(0).to_string()),
    ];
    let report: Vec<_> = report.iter().map(|(key, value)| (*key, value.as_str())).collect();
    Ok(support::obey_with("body", &report)?)
}
