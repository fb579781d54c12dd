//! Waiting for a state, with a deadline.

use std::{
    fmt::Display,
    thread,
    time::{Duration, Instant},
};

use nix::{
    errno::Errno,
    sys::wait::{WaitPidFlag, WaitStatus, waitpid},
    unistd::Pid,
};

/// Far longer than anything takes on a busy machine, far shorter than CI's own patience.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// Looks until there is something to see; fails the test with `what` when the deadline passes.
#[track_caller]
pub fn wait_until<T>(what: impl Display, look: impl FnMut() -> Option<T>) -> T {
    match seen_in_time(look) {
        Some(seen) => seen,
        None => panic!("waited {} s in vain for {what}", DEADLINE.as_secs()),
    }
}

/// The same for those that may not panic.
pub(crate) fn seen_in_time<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let begin = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(seen) = look() {
            return Some(seen);
        }
        if begin.elapsed() > DEADLINE {
            return None;
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// Waits for the end of a daemon, which this process has adopted, and says how it ended.
///
/// It is no child of this process before its start is over, so that may take a moment.
#[track_caller]
pub fn wait_for_end(pid: i32) -> WaitStatus {
    wait_until(format_args!("the end of process {pid}"), || {
        match waitpid(Pid::from_raw(pid), Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::StillAlive) | Err(Errno::ECHILD) => None,
            ended => Some(ended.unwrap()),
        }
    })
}
