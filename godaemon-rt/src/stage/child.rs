//! The first child: leads the session, starts the daemon, waits beside it, reports its end.
//!
//! It runs before `main`, or as early as the system allows, and never gets there: plain system calls from `sys`, no
//! allocation, no thread, no code of the program. All signals stay blocked, so that only SIGKILL ends it early.

use crate::channel::{self, HELLO_LENGTH, Progress};
use crate::launch;
use crate::marker::Marker;
use crate::stage::{Stage, send_all};
use crate::sys::copy::{self, NotStarted, Spec, Step};
use crate::sys::fds;
use crate::sys::memory::{self, Entry};
use crate::sys::process::{self, End, Pid};
use crate::sys::signals::{self, Watched};
use crate::sys::socket::{self, Patience};
use std::ffi::c_char;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::RawFd;
use std::time::{Duration, Instant};

/// How long the daemon and its helpers have to end after SIGTERM.
const GRACE: Duration = Duration::from_secs(1);

/// How often the group is looked at meanwhile; there is no event to wait for.
const LOOK: Duration = Duration::from_millis(5);

/// Does everything that the first child is for.
pub(crate) fn run(marker: &Marker, entry: Entry<'_>, envp: *const *const c_char) -> ! {
    if let Some(name) = memory::argument_strings().next() {
        process::set_name_of_thread(launch::last_component_of(name));
    }
    match start_daemon(marker, entry, envp) {
        Ok(daemon) => wait_beside(marker, &daemon),
        Err(NotStarted { step, error }) => {
            report_failure(marker.channel, step, &error);
            process::exit_now(71)
        }
    }
}

/// The daemon, and this end of the line on which it says that it is up.
struct Daemon {
    pid: Pid,
    up: RawFd,
}

fn start_daemon(
    marker: &Marker,
    mut entry: Entry<'_>,
    envp: *const *const c_char,
) -> Result<Daemon, NotStarted> {
    let preparing = |error| NotStarted { step: Step::Prepare, error };
    let own = process::own();
    if own == 1 {
        // As under `unshare --pid` without `--fork`.
        return Err(NotStarted {
            step: Step::Namespace,
            error: io::Error::from_raw_os_error(libc::EOPNOTSUPP),
        });
    }
    // Parent and first child see by this line when the other is gone, so the daemon must not hold it.
    fds::set_close_on_exec(marker.line, true).map_err(preparing)?;
    signals::notice_children().map_err(preparing)?;
    let [up, line] = socket::raw_pair().map_err(preparing)?;
    let marker = Marker { stage: Stage::Daemon, maker: own, line, ..*marker };
    entry.overwrite(&marker.entry());
    let copy = Spec { argv: memory::arguments(), envp, leader: None, keep: &[line] };
    let pid = copy::start(&copy, &mut [MaybeUninit::uninit(); copy::STACK])?;
    fds::close(line);
    Ok(Daemon { pid, up })
}

/// Stays until the daemon is up, has ended, or has lost its parent.
fn wait_beside(marker: &Marker, daemon: &Daemon) -> ! {
    let channel = marker.channel;
    // Nobody writes to the lifeline: what there is to read is its end, when the parent is gone or has given up.
    let mut watched = [Watched::readable(daemon.up), Watched::readable(marker.line)];
    loop {
        if let Err(error) = signals::wait_for(&mut watched, None) {
            // Blind, it cannot answer for the daemon.
            report_failure(channel, Step::Watch, &error);
            end(channel, daemon);
        }
        let [up, parent] = &mut watched;
        if up.happened() {
            if is_up(daemon) {
                process::exit_now(0)
            }
            // The daemon has closed it; what that means is told by its end.
            up.forget();
        }
        if parent.happened() {
            end(channel, daemon);
        }
        match process::wait_no_hang(daemon.pid) {
            Ok(None) => {}
            Ok(Some(_)) if is_up(daemon) => process::exit_now(0),
            Ok(Some(how)) => report_and_clear(channel, how),
            Err(error) => {
                // Nor can it without the kernel's word.
                report_failure(channel, Step::Watch, &error);
                end(channel, daemon)
            }
        }
    }
}

/// Whether the daemon has said that it is up.
fn is_up(daemon: &Daemon) -> bool {
    matches!(socket::receive(daemon.up, &mut [0], Patience::AtOnce), Ok(1))
}

/// Ends the daemon: SIGTERM, and SIGKILL if it is still there after a second.
fn end(channel: RawFd, daemon: &Daemon) -> ! {
    // By its number as well, since it may have left the group. The errors say that it is gone.
    let _ = process::kill(daemon.pid, libc::SIGTERM);
    let _ = process::kill(-process::own(), libc::SIGTERM);
    let deadline = Instant::now() + GRACE;
    let how = loop {
        match process::wait_no_hang(daemon.pid) {
            Ok(None) => {}
            Ok(Some(how)) => break how,
            Err(_) => break End::Killed(libc::SIGTERM),
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            let _ = process::kill(daemon.pid, libc::SIGKILL);
            break process::wait(daemon.pid).unwrap_or(End::Killed(libc::SIGKILL));
        }
        if signals::wait_for(&mut [], Some(left)).is_err() {
            break End::Killed(libc::SIGTERM);
        }
    };
    report(channel, how);
    clear_group(deadline)
}

/// Reports the end of a daemon that ended by itself, and ends what it left behind.
fn report_and_clear(channel: RawFd, how: End) -> ! {
    report(channel, how);
    let _ = process::kill(-process::own(), libc::SIGTERM);
    clear_group(Instant::now() + GRACE)
}

/// Ends the helpers of the daemon that are left in the group, which have had their SIGTERM, and this process.
fn clear_group(deadline: Instant) -> ! {
    let own = process::own();
    while process::group_has_others(own, own) {
        if Instant::now() >= deadline {
            // This is a member, too, and goes on only if it was refused.
            let _ = process::kill(-own, libc::SIGKILL);
            break;
        }
        let _ = signals::wait_for(&mut [], Some(LOOK));
    }
    process::exit_now(0)
}

fn report_failure(channel: RawFd, step: Step, error: &io::Error) {
    let errno = error.raw_os_error().unwrap_or(libc::EIO);
    // A parent that is gone needs no report.
    let _ = send_all(channel, &channel::not_started(step, errno));
}

fn report(channel: RawFd, how: End) {
    // A parent that is gone needs no report.
    let _ = send_all(channel, &channel::ended(how, progress(channel)));
}

/// How far the daemon came, from what it left unread in the channel. Looking is allowed, taking would steal.
fn progress(channel: RawFd) -> Progress {
    let mut unread = [0; HELLO_LENGTH];
    match socket::peek(channel, &mut unread) {
        Ok(count) => channel::progress(unread.get(..count).unwrap_or_default()),
        // Nothing is left: the daemon has taken everything that was for it.
        Err(_) => Progress::Called,
    }
}
