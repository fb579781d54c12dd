//! Everything that touches the system, and the only `unsafe` of the crate.
//!
//! What runs in the first child, between the start of a copy and its `exec`, or before `main`, allocates
//! nothing and needs no lock: it takes numbers and borrowed memory, and returns [`std::io::Error`]s made of an
//! error number. One file for each thing of the system:
//!
//! - [`bytes`]: finding a byte among many (`memchr(3)`)
//! - [`copy`]: starts a copy of this process (`clone(2)`, `execve(2)`)
//! - [`fds`]: descriptors (`close_range(2)`, `fcntl(2)`, `dup2(2)`), the null device
//! - [`handle`]: another process, to signal it and to wait for its end (`pidfd_open(2)`)
//! - [`listing`]: the numbers in a directory of `/proc` (`getdents64(2)`)
//! - [`locks`]: locks of open files (`flock(2)`, `F_OFD_SETLK`)
//! - [`memory`]: what the kernel laid out for the process: arguments, environment, auxiliary vector
//! - [`process`]: other processes, this one's name and its end (`waitpid(2)`, `kill(2)`, `prctl(2)`)
//! - [`signals`]: mask and dispositions (`sigaction(2)`, `ppoll(2)`)
//! - [`socket`]: the channel's system calls (`unix(7)`)
//! - [`stdio`]: what C prints and holds back (`fflush(3)`)
//! - [`users`]: users and groups, of the database and of this process (`getgrouplist(3)`, `setgroups(2)`)
#![allow(unsafe_code)]

pub(crate) mod bytes;
pub(crate) mod copy;
pub(crate) mod fds;
pub(crate) mod handle;
#[cfg(target_os = "linux")]
mod listing;
pub(crate) mod locks;
pub(crate) mod memory;
pub(crate) mod process;
pub(crate) mod signals;
pub(crate) mod socket;
pub(crate) mod stdio;
pub(crate) mod users;

use std::io;

/// Turns the `-1` of a system call into the error that it left in `errno`.
fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// The size of a structure as the socket calls take it.
#[allow(clippy::cast_possible_truncation, reason = "the structures of the system are small")]
const fn length_of<T>() -> libc::socklen_t {
    size_of::<T>() as libc::socklen_t
}

/// Repeats a system call that a signal interrupted (`EINTR`).
fn retry<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
