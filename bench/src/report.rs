//! What a measured program does besides becoming a daemon: it says that it runs, and lets itself be looked at.
//!
//! The same for all of them that are written in Rust, so it adds the same to each. The programs have it as a crate of
//! its own, which needs nothing but libc.

#![allow(unsafe_code, reason = "the clock that all processes share is not in std")]

use std::env;
use std::fs::File;
use std::io::{self, Write};
use std::mem::MaybeUninit;
use std::process;

/// The environment variable with the path of the FIFO that the record goes to.
pub const REPORT: &str = "GODAEMON_BENCH_REPORT";

/// The environment variable with the path of the FIFO whose opening holds the program.
pub const HOLD: &str = "GODAEMON_BENCH_HOLD";

/// The length of a record: the time in nanoseconds and the number of the process, both with the lowest byte first.
pub const RECORD: usize = 16;

/// Writes the record. To be called as the first of all.
pub fn report() -> io::Result<()> {
    let now = now()?;
    let mut record = [0; RECORD];
    let (time, pid) = record.split_at_mut(RECORD / 2);
    time.copy_from_slice(&now.to_le_bytes());
    pid.copy_from_slice(&u64::from(process::id()).to_le_bytes());
    // Not `File::create`, which asks for more than is needed.
    File::options().write(true).open(path(REPORT)?)?.write_all(&record)
}

/// Waits until the benchmark opens the other end, if it wants that.
pub fn hold() -> io::Result<()> {
    if env::var_os(HOLD).is_some() {
        File::open(path(HOLD)?)?;
    }
    Ok(())
}

fn path(variable: &str) -> io::Result<std::ffi::OsString> {
    env::var_os(variable).ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "it is not set"))
}

/// `CLOCK_MONOTONIC`, in nanoseconds.
fn now() -> io::Result<u64> {
    let mut time = MaybeUninit::<libc::timespec>::uninit();
    // SAFETY: the pointer is that of a `timespec`.
    if unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, time.as_mut_ptr()) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call has succeeded, so it has filled it in.
    let time = unsafe { time.assume_init() };
    #[expect(clippy::cast_sign_loss, reason = "the clock began at 0")]
    Ok(time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64)
}
