//! A daemon whose captured output goes into the files `stdout` and `stderr`, line by line, and which does what its
//! arguments say, one after the other.
//!
//!     last_words HOW HOW [ACTION[=WORD]]...
//!
//! HOW says who reads stdout, and who reads stderr: a forwarder that writes each line at once (`write`), one that holds
//! everything back until it is dropped (`hold`), a thread of the program's own that writes each line at once (`read`), or
//! nobody, though the reader is kept (`keep`). A forwarder that has written the line `exit` ends the process; after the
//! line `stick` it never returns, and after `fall` it panics.
//!
//! In the foreground (`FOREGROUND` is set) nothing comes out, and everything else is the same.
#![allow(unsafe_code, reason = "only C offers `fork`, `puts` and `flockfile`")]

use std::{
    env,
    error::Error,
    ffi::CString,
    fs::File,
    io::{self, BufRead, BufWriter, Write},
    mem,
    os::fd::AsFd,
    panic,
    process::{self, Command, Stdio},
    sync::mpsc,
    thread::{self, JoinHandle},
};

use godaemon::Reader;
use nix::{
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::wait::waitpid,
    unistd::{ForkResult, dup2_stdout, fork},
};

/// More than any test prints.
const EVERYTHING: usize = 64 << 20;

#[godaemon::main(
    capture_output,
    foreground = env::var_os("FOREGROUND").is_some(),
    working_dir = ".",
    pid_file = "pid",
    files = [logs = ["stdout", "stderr"].into_iter().map(File::create).collect::<io::Result<Vec<_>>>()?],
    on_ready = |pid| println!("{pid}"),
)]
fn main(logs: Vec<File>, stdout: Reader, stderr: Reader) -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let mut readers = Vec::new();
    for (reader, log) in [stdout, stderr].into_iter().zip(logs) {
        let how = args.next().ok_or("who reads?")?;
        match how.as_str() {
            "write" => forward(reader, log)?,
            "hold" => forward(reader, BufWriter::with_capacity(EVERYTHING, log))?,
            "read" => readers.push(read(reader, log)),
            "keep" => mem::forget(reader),
            _ => return Err("no such way to read".into()),
        }
    }
    args.try_for_each(|action| act(&action, &mut readers))
}

fn forward(reader: Reader, mut log: impl Write + Send + 'static) -> io::Result<()> {
    reader.forward(move |line| {
        keep(&mut log, line);
        match line {
            b"exit" => process::exit(3),
            b"stick" => wait_for_ever(),
            b"fall" => panic!("the closure fell"),
            _ => {}
        }
    })
}

fn keep(log: &mut impl Write, line: &[u8]) {
    if log.write_all(&[line, b"\n"].concat()).is_err() {
        process::abort();
    }
}

fn read(reader: Reader, mut log: File) -> JoinHandle<io::Result<()>> {
    thread::spawn(move || {
        for line in reader.lines() {
            keep(&mut log, line?.as_bytes());
        }
        Ok(())
    })
}

fn act(action: &str, readers: &mut Vec<JoinHandle<io::Result<()>>>) -> Result<(), Box<dyn Error>> {
    let (action, word) = action.split_once('=').unwrap_or((action, ""));
    match action {
        "lines" => (0..word.parse::<u32>()?).for_each(|number| {
            println!("line {number}");
            eprintln!("line {number}");
        }),
        "println" => println!("{word}"),
        "eprintln" => eprintln!("{word}"),
        "print" => print!("{word}"),
        "eprint" => eprint!("{word}"),
        "puts" => puts(word)?,
        "lock-c" => lock_c()?,
        // What prints panics if it cannot, or says nothing; this tells.
        "try" => {
            io::stdout().write_all(b"text\n").and_then(|()| io::stdout().flush())?;
            io::stderr().write_all(b"text\n")?;
        }
        "noise" => make_noise()?,
        "fill" => {
            make_noise()?;
            wait_until_full();
        }
        "run" => drop(shell(word).status()?),
        "leave" => drop(shell(word).spawn()?),
        "fork" => fork_one(word)?,
        "replace" => dup2_stdout(&File::create(word)?)?,
        "merge" => dup2_stdout(io::stderr())?,
        "close" => godaemon::close_output()?,
        "join" => {
            for reader in readers.drain(..) {
                reader.join().map_err(|_| "a reader panicked")??;
            }
        }
        "stop" => support::obey(word)?,
        _ => end(action)?,
    }
    Ok(())
}

/// The ways to end, but for a return.
fn end(how: &str) -> Result<(), Box<dyn Error>> {
    match how {
        "error" => return Err("no luck".into()),
        "panic" => panic!("the sky fell"),
        "exit" => process::exit(3),
        "exit-elsewhere" => drop(thread::spawn(|| process::exit(3)).join()),
        "wait" => wait_for_ever(),
        "panic-and-abort" => {
            // As a panic does it that may not unwind: between its message and the end of the process there is nothing.
            let _ = panic::catch_unwind(|| panic!("the sky fell"));
            process::abort();
        }
        "panic-twice" => {
            let _second = PanicsWhenDropped;
            panic!("the sky fell");
        }
        "panic-in-c" => fall(),
        _ => return Err(format!("no such action: {how}").into()),
    }
    Ok(())
}

struct PanicsWhenDropped;

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        panic!("the earth shook");
    }
}

extern "C" fn fall() {
    panic!("the sky fell");
}

fn wait_for_ever() -> ! {
    loop {
        thread::park();
    }
}

/// C holds it back, since stdout is no terminal.
fn puts(word: &str) -> Result<(), Box<dyn Error>> {
    let text = CString::new(word)?;
    // SAFETY: the text is a string of C's.
    if unsafe { libc::puts(text.as_ptr()) } < 0 { Err("C cannot print".into()) } else { Ok(()) }
}

/// Another thread keeps C from printing, for ever.
fn lock_c() -> Result<(), mpsc::RecvError> {
    unsafe extern "C" {
        static stdout: *mut libc::FILE;
        fn flockfile(file: *mut libc::FILE);
    }
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        // SAFETY: nobody puts another stream there.
        let output = unsafe { stdout };
        // SAFETY: it is a stream of libc's.
        unsafe { flockfile(output) };
        let _ = sender.send(());
        wait_for_ever()
    });
    receiver.recv()
}

/// Prints numbers to stdout from here on, on another thread, as fast as it can; returns when the first is out.
fn make_noise() -> Result<(), mpsc::RecvError> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for number in 0_u64.. {
            // In one piece. That the process is about to end is not to be noticed here.
            if io::stdout().write_all(format!("noise {number}\n").as_bytes()).is_err() {
                process::abort();
            }
            // After the first nobody listens.
            let _ = sender.send(());
        }
    });
    receiver.recv()
}

/// Another thread prints, and nobody reads.
fn wait_until_full() {
    support::wait_until("the pipe to be full", || {
        let output = io::stdout();
        let mut asked = [PollFd::new(output.as_fd(), PollFlags::POLLOUT)];
        (poll(&mut asked, PollTimeout::ZERO) == Ok(0)).then_some(())
    });
}

fn shell(script: &str) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", script]).stdin(Stdio::null());
    shell
}

/// A child that runs no program of its own, prints, and ends; perhaps it has panicked before.
fn fork_one(how: &str) -> Result<(), Box<dyn Error>> {
    // SAFETY: the child needs no lock but those of printing, and no other thread prints.
    match unsafe { fork() }? {
        ForkResult::Parent { child } => drop(waitpid(child, None)?),
        ForkResult::Child => {
            eprintln!("in a child");
            if how == "panic" {
                let _ = panic::catch_unwind(|| panic!("a child fell"));
            }
            process::exit(0)
        }
    }
    Ok(())
}
