//! A daemon that does what its argument says before it is ready. Another argument says how long that may take, in
//! milliseconds.
#![allow(unsafe_code, reason = "what only C offers: `fork`, `atexit`, and handlers of signals")]

use std::{
    env,
    error::Error,
    fmt,
    fs::File,
    hint,
    io::{self, Read, Write},
    os::fd::AsFd,
    panic,
    process::{self, Command, Stdio},
    thread,
    time::Duration,
};

use godaemon::Ready;
use nix::{
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::{
        resource::{Resource, setrlimit},
        signal::{SaFlags, SigAction, SigHandler, SigSet, SigmaskHow, Signal, sigaction, sigprocmask},
        wait::waitpid,
    },
    unistd::{ForkResult, Pid, dup2_stderr, dup2_stdout, setpgid, setsid},
};

#[godaemon::main(
    values = [
        what = env::args().nth(1).ok_or("what?")?,
        limit = env::args().nth(2).map(|limit| limit.parse().map(Duration::from_millis)).transpose()?,
    ],
    start_timeout = &limit,
)]
fn main(what: String, ready: Ready) -> Result<(), Box<dyn Error>> {
    match what.as_str() {
        "redirect" => redirect(ready, true),
        "redirect-stderr" => redirect(ready, false),
        "noisy-helper" => start_noisy_helper(ready),
        "silent-hook" => {
            panic::set_hook(Box::new(|_| {}));
            panic!("the sky fell")
        }
        "silent-hook-after-drop" => {
            drop(ready);
            panic::set_hook(Box::new(|_| {}));
            panic!("the sky fell")
        }
        "panics-without-text" => panic::panic_any(42),
        "thread-panics" => {
            eprint!("no end of a line");
            let _ = thread::spawn(|| panic!("the sky fell")).join();
            support::obey("body")?;
            Ok(ready.notify()?)
        }
        "slow-end" => end_slowly(),
        "handles" => handle(ready),
        "deaf" => be_deaf(),
        "deaf-elsewhere" => {
            setpgid(Pid::from_raw(0), Pid::from_raw(0))?;
            be_deaf()
        }
        "leaves-session" => {
            setsid()?;
            Ok(support::obey("body")?)
        }
        "leaves-group" => {
            setpgid(Pid::from_raw(0), Pid::from_raw(0))?;
            Ok(support::obey("body")?)
        }
        "causes" => {
            let failure =
                Failure::chain(&["cannot open the database", "connection refused", "nobody listens"]);
            Err(failure.ok_or("no error")?)
        }
        "again" => Ok(godaemon::daemonize().map(drop)?),
        "fails-silently" => ready.fail(""),
        "aborts" => {
            let previous = panic::take_hook();
            panic::set_hook(Box::new(move |info| {
                previous(info);
                process::abort();
            }));
            Ok(support::obey("body")?)
        }
        "no-memory" => {
            setrlimit(Resource::RLIMIT_AS, 1 << 30, 1 << 30)?;
            drop(hint::black_box(Vec::<u8>::with_capacity(1 << 40)));
            Err("there was enough".into())
        }
        "prints" => {
            println!("on stdout");
            eprintln!("on stderr");
            Ok(support::obey("body")?)
        }
        "prints-amid-line" => {
            eprint!("no end of a line");
            Ok(support::obey("body")?)
        }
        "prints-much" => print_much(ready),
        "prints-and-exits" => {
            println!("on stdout");
            eprint!("no end of a line");
            process::exit(3)
        }
        "late-error" => fail_late(ready),
        what => match what.strip_prefix("child-") {
            Some(what) => fork(ready, what),
            None => Err("no such thing to do".into()),
        },
    }
}

/// No signal but SIGKILL ends it.
fn be_deaf() -> Result<(), Box<dyn Error>> {
    sigprocmask(SigmaskHow::SIG_BLOCK, Some(&SigSet::all()), None)?;
    Ok(support::obey("body")?)
}

/// Handles SIGUSR1, which interrupts what it waits in: signal-hook would have that go on.
fn handle(ready: Ready) -> Result<(), Box<dyn Error>> {
    extern "C" fn nothing(_: libc::c_int) {}
    let action = SigAction::new(SigHandler::Handler(nothing), SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler does nothing.
    unsafe { sigaction(Signal::SIGUSR1, &action) }?;
    support::obey("body")?;
    ready.notify()?;
    Ok(support::obey("up")?)
}

/// The program has a log of its own.
fn redirect(ready: Ready, stdout_too: bool) -> Result<(), Box<dyn Error>> {
    let log = File::create(godaemon::launch_dir().ok_or("no launch directory")?.join("log"))?;
    dup2_stderr(&log)?;
    if stdout_too {
        dup2_stdout(&log)?;
    }
    eprintln!("before");
    ready.notify()?;
    println!("stdout");
    eprintln!("stderr");
    Ok(support::obey("up")?)
}

/// It has the start's pipe, and never stops to write.
fn start_noisy_helper(ready: Ready) -> Result<(), Box<dyn Error>> {
    Command::new("yes").stdin(Stdio::null()).spawn()?;
    support::wait_until("the pipe to be full", || {
        let output = io::stdout();
        let mut asked = [PollFd::new(output.as_fd(), PollFlags::POLLOUT)];
        (poll(&mut asked, PollTimeout::ZERO) == Ok(0)).then_some(())
    });
    ready.notify()?;
    Ok(support::obey("up")?)
}

/// More than a pipe holds: the daemon to both streams, and a helper. And more when it is up.
fn print_much(ready: Ready) -> Result<(), Box<dyn Error>> {
    let script = "i=0; while [ $i -lt 20000 ]; do printf 'helper %030d\\n' $i; i=$((i+1)); done";
    let helper = Command::new("/bin/sh").arg("-c").arg(script).spawn();
    for number in 0..20_000 {
        // Each line in one piece, or else the helper's would be amid.
        println!("stdout {number:030}");
        io::stderr().write_all(format!("stderr {number:030}\n").as_bytes())?;
    }
    if !helper?.wait()?.success() {
        return Err("the helper failed".into());
    }
    ready.notify()?;
    println!("stdout afterwards");
    eprintln!("stderr afterwards");
    Ok(support::obey("up")?)
}

/// An error whose text repeats its cause, as that of many does.
#[derive(Debug)]
struct Failure {
    text: &'static str,
    cause: Option<Box<Failure>>,
}

impl Failure {
    fn chain(texts: &[&'static str]) -> Option<Box<Self>> {
        let (text, causes) = texts.split_first()?;
        Some(Box::new(Self { text, cause: Self::chain(causes) }))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Some(cause) => write!(f, "{}: {cause}", self.text),
            None => f.write_str(self.text),
        }
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

/// Stops where `main` has returned, and the process has not ended.
fn end_slowly() -> Result<(), Box<dyn Error>> {
    extern "C" fn end() {
        // A process that comes to its end by `exit` cannot do so once more.
        if support::obey("ending").is_err() {
            process::abort();
        }
    }
    // SAFETY: the function does nothing that needs what earlier handlers have taken down.
    if unsafe { libc::atexit(end) } != 0 {
        return Err("no room for a handler".into());
    }
    Err("no luck".into())
}

/// A helper that has to be killed takes the first child a second. With the time until the error that is more than a
/// daemon has after it has dropped `Ready`.
fn fail_late(ready: Ready) -> Result<(), Box<dyn Error>> {
    let script = "trap '' TERM; echo; exec sleep 1000";
    let mut helper = Command::new("/bin/sh").arg("-c").arg(script).stdout(Stdio::piped()).spawn()?;
    helper.stdout.take().ok_or("no pipe")?.read_exact(&mut [0])?;
    drop(ready);
    thread::sleep(Duration::from_millis(1200));
    Err("no luck".into())
}

/// A child that has everything that the daemon has, and comes to this end.
fn fork(ready: Ready, what: &str) -> Result<(), Box<dyn Error>> {
    // SAFETY: this process has one thread, so that nothing is half done in the copy.
    match unsafe { nix::unistd::fork() }? {
        ForkResult::Child => match what {
            "drops" => {
                drop(ready);
                process::exit(0)
            }
            "notifies" => {
                ready.notify()?;
                process::exit(0)
            }
            "fails" => ready.fail("no luck"),
            "returns" => Err("no luck".into()),
            "panics" => panic!("the sky fell"),
            _ => Err("no such end".into()),
        },
        ForkResult::Parent { child } => {
            let status = format!("{:?}", waitpid(child, None)?);
            support::obey_with("forked", &[("child", &status)])?;
            ready.notify()?;
            Ok(support::obey("up")?)
        }
    }
}
