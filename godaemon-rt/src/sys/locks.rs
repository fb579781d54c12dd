//! Locks that belong to an open file, and go where its descriptors go.
//!
//! The lock of `flock(2)` decides who has the file. The lock of `fcntl_locking(2)` on an open file description
//! (`F_OFD_SETLK`, Linux) is a mark beside it, which can be asked about without taking anything.

use super::{check, retry};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

/// Takes the lock of `flock(2)`, if nobody has it.
pub(crate) fn try_lock(file: BorrowedFd<'_>) -> io::Result<bool> {
    flock(file, libc::LOCK_EX)
}

/// Whether somebody has the lock of `flock(2)`. To find that out is to take it for a moment.
pub(crate) fn is_locked(file: BorrowedFd<'_>) -> io::Result<bool> {
    let free = flock(file, libc::LOCK_SH)?;
    if free {
        unlock(file);
    }
    Ok(!free)
}

/// Lets go of the lock of `flock(2)`, for all who share this open file.
pub(crate) fn unlock(file: BorrowedFd<'_>) {
    // SAFETY: changes a lock of a borrowed descriptor; no memory is involved.
    unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_UN) };
}

fn flock(file: BorrowedFd<'_>, operation: libc::c_int) -> io::Result<bool> {
    // SAFETY: changes a lock of a borrowed descriptor; no memory is involved.
    let taken = retry(|| check(unsafe { libc::flock(file.as_raw_fd(), operation | libc::LOCK_NB) }));
    match taken {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
        Err(error) => Err(error),
    }
}

/// Sets the mark, unless another open file has it, or any lock of `lockf(3)`; whether it is set. `None` where there
/// are no marks: an older system, or a file system or a sandbox without them.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn mark(file: BorrowedFd<'_>) -> io::Result<Option<bool>> {
    let mut lock = whole_file(libc::F_WRLCK);
    match retry(|| record_lock(file, libc::F_OFD_SETLK, &mut lock)) {
        Ok(()) => Ok(Some(true)),
        Err(error) if [libc::EAGAIN, libc::EACCES].contains(&error.raw_os_error().unwrap_or(0)) => {
            Ok(Some(false))
        }
        Err(error) => none_if_unknown(error),
    }
}

/// Takes the mark away.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn unmark(file: BorrowedFd<'_>) {
    // What cannot be taken away was never set.
    let _ = record_lock(file, libc::F_OFD_SETLK, &mut whole_file(libc::F_UNLCK));
}

/// Whether another open file has the mark, or a lock of `lockf(3)` for writing; `None` where there are no marks.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn is_marked(file: BorrowedFd<'_>) -> io::Result<Option<bool>> {
    // A lock for reading is what everybody may take who may read the file.
    collides(file, libc::F_RDLCK)
}

/// Whether [`mark`] would meet another one's lock; `None` where there are no marks.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn is_unmarkable(file: BorrowedFd<'_>) -> io::Result<Option<bool>> {
    collides(file, libc::F_WRLCK)
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn collides(file: BorrowedFd<'_>, kind: libc::c_int) -> io::Result<Option<bool>> {
    let mut lock = whole_file(kind);
    match record_lock(file, libc::F_OFD_GETLK, &mut lock) {
        Ok(()) => Ok(Some(libc::c_int::from(lock.l_type) != libc::F_UNLCK)),
        Err(error) => none_if_unknown(error),
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn none_if_unknown(error: io::Error) -> io::Result<Option<bool>> {
    const UNKNOWN: [i32; 4] = [libc::EINVAL, libc::ENOSYS, libc::EPERM, libc::EOPNOTSUPP];
    if error.raw_os_error().is_some_and(|errno| UNKNOWN.contains(&errno)) { Ok(None) } else { Err(error) }
}

/// This system has no marks.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn mark(_: BorrowedFd<'_>) -> io::Result<Option<bool>> {
    Ok(None)
}

/// This system has no marks.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn unmark(_: BorrowedFd<'_>) {}

/// This system has no marks.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn is_marked(_: BorrowedFd<'_>) -> io::Result<Option<bool>> {
    Ok(None)
}

/// This system has no marks.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn is_unmarkable(_: BorrowedFd<'_>) -> io::Result<Option<bool>> {
    Ok(None)
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn record_lock(file: BorrowedFd<'_>, command: libc::c_int, lock: &mut libc::flock) -> io::Result<()> {
    // SAFETY: `lock` is initialised, and what these commands read and write.
    check(unsafe { libc::fcntl(file.as_raw_fd(), command, std::ptr::from_mut(lock)) }).map(drop)
}

#[cfg(any(target_os = "linux", target_os = "android"))]
#[allow(
    clippy::cast_possible_truncation,
    reason = "small constants, in fields that are wider on some systems"
)]
fn whole_file(kind: libc::c_int) -> libc::flock {
    // SAFETY: the structure holds numbers; zero is a value of each, and means "from the start, to the end".
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    lock.l_type = kind as _;
    lock.l_whence = libc::SEEK_SET as _;
    lock
}
