//! A daemon with something to tidy up when it is to end. Its first argument says what, and who does it; who has done so
//! leaves the file `tidied` where the program was launched. Another argument says how long the start may take, in
//! milliseconds.
#![allow(unsafe_code, reason = "only C offers `atexit`")]

use std::{
    env,
    error::Error,
    fs::File,
    io::{self, Read},
    process::{self, Command, Stdio},
    thread,
    time::Duration,
};

use godaemon::Ready;
use nix::unistd::{Pid, setpgid};
use signal_hook::{consts::SIGTERM, iterator::Signals};

#[godaemon::main(
    values = [
        what = env::args().nth(1).ok_or("what?")?,
        limit = env::args().nth(2).map(|limit| limit.parse().map(Duration::from_millis)).transpose()?,
    ],
    start_timeout = &limit,
)]
fn main(what: String, ready: Ready) -> Result<(), Box<dyn Error>> {
    match what.as_str() {
        "by-signal" => tidy_up_on_sigterm(Duration::ZERO)?,
        "slowly-elsewhere" => {
            setpgid(Pid::from_raw(0), Pid::from_raw(0))?;
            // Of the second that there is.
            tidy_up_on_sigterm(Duration::from_millis(500))?;
        }
        "by-helper" => start_helper("trap 'echo > tidied; exit' TERM; echo; sleep 1000 & wait")?,
        "deaf-helper" => start_helper("trap '' TERM; echo; exec sleep 1000")?,
        "at-exit" => report_at_exit()?,
        _ => return Err("no such thing to do".into()),
    }
    support::obey("body")?;
    ready.notify()?;
    Ok(support::obey("up")?)
}

fn tidy_up_on_sigterm(pause: Duration) -> Result<(), Box<dyn Error>> {
    let mut signals = Signals::new([SIGTERM])?;
    let path = godaemon::launch_dir().ok_or("no launch directory")?.join("tidied");
    thread::spawn(move || {
        if signals.forever().next().is_some() {
            thread::sleep(pause);
            process::exit(File::create(path).is_err().into());
        }
    });
    Ok(())
}

/// Returns when the script has said that it is prepared.
fn start_helper(script: &str) -> Result<(), Box<dyn Error>> {
    let mut helper = Command::new("/bin/sh")
        .arg("-c")
        .arg(script)
        .current_dir(godaemon::launch_dir().ok_or("no launch directory")?)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    Ok(helper.stdout.take().ok_or("no pipe")?.read_exact(&mut [0])?)
}

fn report_at_exit() -> io::Result<()> {
    extern "C" fn end() {
        // A process that comes to its end by `exit` cannot do so once more.
        if support::obey("ending").is_err() {
            process::abort();
        }
    }
    // SAFETY: the function does nothing that needs what earlier handlers have taken down.
    if unsafe { libc::atexit(end) } != 0 {
        return Err(io::Error::other("no room for a handler"));
    }
    Ok(())
}
