//! Nothing that a benchmark has started outlives it, whether it comes to its end, is interrupted, or waits in vain.
//!
//! If it is killed by SIGKILL nobody is there to end anything: then what was started has to notice by itself.

use crate::Result;
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{wait, waitpid};
use nix::unistd::Pid;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;
use std::fs;
use std::mem;
use std::process::{self, Child, Command};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long a run may take until the benchmark gives up.
const DEADLINE: Duration = Duration::from_secs(60);

/// How often somebody looks whether it has.
const LOOK: Duration = Duration::from_secs(1);

/// Held by those who start something; in the end for good, so that nothing is started any more.
static STARTS: Mutex<()> = Mutex::new(());

/// What is waited for, and until when.
static WAITING: Mutex<Option<(String, Instant)>> = Mutex::new(None);

/// Starts a program, which has [`DEADLINE`] from now on until the other value is dropped. One at a time.
///
/// Orphans, such as a daemon, become the benchmark's, where the system has this.
pub fn start(what: &str, command: &mut Command) -> Result<(Child, Deadline)> {
    watch()?;
    let deadline = Deadline(());
    *lock(&WAITING) = Some((what.to_owned(), Instant::now() + DEADLINE));
    let _start = lock(&STARTS);
    let child = command.spawn().map_err(|error| format!("{what}: {error}"))?;
    Ok((child, deadline))
}

/// Until it is dropped the benchmark waits for what it has started.
#[derive(Debug)]
pub struct Deadline(());

impl Drop for Deadline {
    fn drop(&mut self) {
        *lock(&WAITING) = None;
    }
}

/// Waits for all children, and for all orphans among their children.
pub fn reap() -> Result<()> {
    loop {
        match wait() {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(Errno::ECHILD) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Ends everything that was started. Nothing can be started any more.
pub fn end_all() {
    mem::forget(lock(&STARTS));
    loop {
        // Those of a child that is gone are found the next time.
        let children = children();
        if children.is_empty() {
            return;
        }
        for child in children {
            // It may have ended, and somebody may have waited for it.
            let _ = kill(child, Signal::SIGKILL);
            let _ = waitpid(child, None);
        }
    }
}

/// From the first start on: adopts orphans, and looks out for signals and for the deadline.
fn watch() -> Result<()> {
    static ONCE: Once = Once::new();
    if ONCE.is_completed() {
        return Ok(());
    }
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_child_subreaper(true)?;
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM])?;
    ONCE.call_once(|| {
        thread::spawn(move || {
            for signal in signals.forever() {
                end_all();
                let _ = emulate_default_handler(signal);
            }
        });
        // A thread that sleeps, and is told nothing: the others are to run as if it were not there.
        thread::spawn(|| {
            loop {
                thread::sleep(LOOK);
                let waiting = lock(&WAITING).clone();
                if let Some((what, _)) = waiting.filter(|(_, until)| *until < Instant::now()) {
                    eprintln!("not done after {} s: {what}", DEADLINE.as_secs());
                    end_all();
                    process::exit(1);
                }
            }
        });
    });
    Ok(())
}

/// All children of this process, as far as the system tells.
fn children() -> Vec<Pid> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let processes = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    processes.filter(|process| parent(*process) == Some(process::id())).map(Pid::from_raw).collect()
}

fn parent(process: i32) -> Option<u32> {
    parent_in(&fs::read_to_string(format!("/proc/{process}/stat")).ok()?)
}

/// The parent of a process, in what `/proc` says of it: behind its name, which may have any characters, and its state.
fn parent_in(stat: &str) -> Option<u32> {
    let (_, behind_name) = stat.rsplit_once(") ")?;
    behind_name.split(' ').nth(1)?.parse().ok()
}

/// Whatever happened to others that held it: there is nothing in it that can be half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_hides_no_parent() {
        assert_eq!(parent_in("12 (sh) S 11 12 12 0"), Some(11));
        assert_eq!(parent_in("12 (a) S 7 (b) Z 11 12 12 0"), Some(11));
        assert_eq!(parent_in(""), None);
    }
}
