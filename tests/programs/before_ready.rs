//! A daemon that does what its argument says before it is ready. Another argument says how long that may take, in
//! milliseconds.
#![allow(unsafe_code, reason = "what only C offers: `fork`, `atexit`")]

use std::{
    env,
    error::Error,
    fs::File,
    io::{self, Read},
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
        signal::{SigSet, SigmaskHow, sigprocmask},
        wait::waitpid,
    },
    unistd::{ForkResult, Pid, dup2_stderr, dup2_stdout, setpgid},
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
        "slow-end" => end_slowly(),
        "deaf" => {
            sigprocmask(SigmaskHow::SIG_BLOCK, Some(&SigSet::all()), None)?;
            Ok(support::obey("body")?)
        }
        "leaves-group" => {
            setpgid(Pid::from_raw(0), Pid::from_raw(0))?;
            Ok(support::obey("body")?)
        }
        "late-error" => fail_late(ready),
        what => match what.strip_prefix("child-") {
            Some(what) => fork(ready, what),
            None => Err("no such thing to do".into()),
        },
    }
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
