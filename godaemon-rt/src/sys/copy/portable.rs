//! Other systems: `fork(2)`, and a pipe that `exec` closes or that says what failed.

use super::{EXECUTABLE, NotStarted, Spec, Step, become_copy};
use crate::sys::process::{self, Pid};
use crate::sys::{check, fds};
use std::ffi::{CStr, CString, OsStr};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::OnceLock;

/// The path of the executable.
static PATH: OnceLock<Option<CString>> = OnceLock::new();

/// Looks up the executable, before anybody can replace it and the program can change directories or environment.
pub(crate) fn remember_executable() {
    PATH.get_or_init(|| {
        let path = std::env::current_exe().ok()?;
        let metadata = path.metadata().ok()?;
        EXECUTABLE.get_or_init(|| (metadata.dev(), metadata.ino()));
        CString::new(path.into_os_string().into_vec()).ok()
    });
}

/// Whether the path still leads to this program's file. Allocates nothing: it was short enough to be run by.
fn is_own(path: &CStr) -> bool {
    let metadata = Path::new(OsStr::from_bytes(path.to_bytes())).metadata();
    metadata.is_ok_and(|metadata| EXECUTABLE.get() == Some(&(metadata.dev(), metadata.ino())))
}

pub(crate) fn start(copy: &Spec<'_>, _: &mut [MaybeUninit<u8>]) -> Result<Pid, NotStarted> {
    remember_executable();
    let (reader, writer) = fds::pipe().map_err(NotStarted::at(Step::Process))?;
    // SAFETY: the copy calls what `signal-safety(7)` allows, and then `exec` or `_exit`.
    let child = check(unsafe { libc::fork() }).map_err(NotStarted::at(Step::Process))?;
    if child == 0 {
        let failure = become_copy(copy);
        report(&writer, &failure);
        process::exit_now(127)
    }
    drop(writer);
    let mut message = [0; 5];
    match fds::read(reader.as_raw_fd(), &mut message) {
        Ok(5) => {
            let _ = process::wait(child);
            let [step, errno @ ..] = message;
            let step = Step::from_number(step).unwrap_or(Step::Process);
            Err(NotStarted { step, error: io::Error::from_raw_os_error(i32::from_ne_bytes(errno)) })
        }
        _ => Ok(child),
    }
}

fn report(writer: &OwnedFd, failure: &NotStarted) {
    let mut message = [failure.step as u8; 5];
    let errno = failure.error.raw_os_error().unwrap_or(libc::EIO);
    message[1..].copy_from_slice(&errno.to_ne_bytes());
    // SAFETY: the message is readable and as long as said.
    unsafe { libc::write(writer.as_raw_fd(), message.as_ptr().cast(), message.len()) };
}

pub(super) fn execute(copy: &Spec<'_>) -> io::Error {
    let Some(Some(path)) = PATH.get() else { return io::Error::from_raw_os_error(libc::ENOENT) };
    if !is_own(path) {
        // "Stale file handle": the path leads to another file than the one that runs.
        return io::Error::from_raw_os_error(libc::ESTALE);
    }
    // SAFETY: the path is a C string, and the arrays are null-terminated arrays of C strings.
    unsafe { libc::execve(path.as_ptr(), copy.argv, copy.envp) };
    io::Error::last_os_error()
}
