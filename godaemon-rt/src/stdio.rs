//! The standard streams of the daemon: the null device, and what is put over 1 and 2.

use crate::sys::fds;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::OnceLock;

/// Standard output or standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    Output,
    Error,
}

impl Stream {
    pub(crate) const BOTH: [Stream; 2] = [Stream::Output, Stream::Error];

    pub(crate) fn number(self) -> RawFd {
        match self {
            Stream::Output => libc::STDOUT_FILENO,
            Stream::Error => libc::STDERR_FILENO,
        }
    }
}

/// The null device, where the program may have closed or replaced its standard input by the time it is needed.
static NULL: OnceLock<OwnedFd> = OnceLock::new();

/// Keeps the null device, which is on standard input now, for later.
pub(crate) fn keep_null() -> io::Result<()> {
    let null = fds::duplicate(libc::STDIN_FILENO)?;
    NULL.get_or_init(|| null);
    Ok(())
}

/// Puts the null device over a stream.
pub(crate) fn silence(stream: Stream) -> io::Result<()> {
    let null = NULL.get().map_or(libc::STDIN_FILENO, AsRawFd::as_raw_fd);
    fds::duplicate_over(null, stream.number())
}
