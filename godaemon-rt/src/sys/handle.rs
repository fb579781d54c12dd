//! Another process, by a descriptor of it where there are any (`pidfd_open(2)`, Linux 5.3), else by its number.

use super::process::{Pid, kill};
use super::signals::{self, Watched};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

/// A process, as it was when the handle was made: its descriptor does not mean another one that gets its number.
#[derive(Debug)]
pub(crate) struct Handle {
    pid: Pid,
    descriptor: Option<OwnedFd>,
}

impl Handle {
    pub(crate) fn open(pid: Pid) -> io::Result<Handle> {
        match open(pid) {
            Ok(descriptor) => Ok(Handle { pid, descriptor: Some(descriptor) }),
            // An older system, or a sandbox.
            Err(error) if [libc::ENOSYS, libc::EPERM].contains(&error.raw_os_error().unwrap_or(0)) => {
                Ok(Handle { pid, descriptor: None })
            }
            Err(error) => Err(error),
        }
    }

    pub(crate) fn pid(&self) -> Pid {
        self.pid
    }

    /// Sends a signal; 0 asks whether one may be sent.
    pub(crate) fn signal(&self, signal: libc::c_int) -> io::Result<()> {
        match self.descriptor.as_ref().map(|descriptor| send_signal(descriptor, signal)) {
            // A sandbox may know one of the two calls only.
            Some(Err(error)) if error.raw_os_error() == Some(libc::ENOSYS) => kill(self.pid, signal),
            Some(sent) => sent,
            None => kill(self.pid, signal),
        }
    }

    /// Waits for the end of the process, whether somebody reaps it or not, and says whether that came before the
    /// deadline. `None` without a descriptor to wait on.
    pub(crate) fn await_end(&self, deadline: Option<Instant>) -> Option<io::Result<bool>> {
        let descriptor = self.descriptor.as_ref()?.as_raw_fd();
        loop {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            let mut watched = [Watched::readable(descriptor)];
            if let Err(error) = signals::poll(&mut watched, left) {
                return Some(Err(error));
            }
            let has_ended = watched.iter().any(Watched::happened);
            if has_ended || left == Some(Duration::ZERO) {
                return Some(Ok(has_ended));
            }
        }
    }
}

#[cfg(target_os = "linux")]
fn open(pid: Pid) -> io::Result<OwnedFd> {
    use std::os::fd::{FromRawFd, RawFd};
    // SAFETY: makes a descriptor, which is closed on exec; no memory is involved.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    match RawFd::try_from(fd) {
        // SAFETY: the descriptor was just made and belongs to nobody else.
        Ok(fd) if fd >= 0 => Ok(unsafe { OwnedFd::from_raw_fd(fd) }),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(target_os = "linux")]
fn send_signal(process: &OwnedFd, signal: libc::c_int) -> io::Result<()> {
    let no_info = std::ptr::null::<libc::siginfo_t>();
    // SAFETY: sends a signal as `kill` does, with nothing more to tell.
    let sent = unsafe { libc::syscall(libc::SYS_pidfd_send_signal, process.as_raw_fd(), signal, no_info, 0) };
    if sent == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

#[cfg(not(target_os = "linux"))]
fn open(_: Pid) -> io::Result<OwnedFd> {
    Err(io::Error::from_raw_os_error(libc::ENOSYS))
}

#[cfg(not(target_os = "linux"))]
fn send_signal(_: &OwnedFd, _: libc::c_int) -> io::Result<()> {
    Err(io::Error::from_raw_os_error(libc::ENOSYS))
}
