//! The standard streams of the daemon: the null device, and what is put over 1 and 2.

use crate::sys::fds;
use crate::sys::signals::{self, Watched};
use std::fmt;
use std::io::{self, Write};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::Arc;

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

    /// Whether the stream still is the file with this device and inode: the program may have put another there.
    fn is(self, identity: (u64, u64)) -> bool {
        fds::identity(self.number()).is_ok_and(|own| own == identity)
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stream::Output => "standard output",
            Stream::Error => "standard error",
        })
    }
}

/// Writes to standard error, and waits for room if it does not wait by itself, as a terminal that is shared with
/// another program may not. What it does not take at all is lost: there is nowhere to say so.
pub(crate) fn complain(mut text: &[u8]) {
    while !text.is_empty() {
        match io::stderr().write(text) {
            Ok(0) => return,
            Ok(count) => text = text.get(count..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if signals::poll(&mut [Watched::writable(libc::STDERR_FILENO)], None).is_err() {
                    return;
                }
            }
            Err(_) => return,
        }
    }
}

/// A pipe in the place of standard streams, and what comes in its place when nobody reads any more.
#[derive(Clone, Debug)]
pub(crate) struct Lead {
    /// Device and inode.
    pipe: (u64, u64),
    null: Null,
}

impl Lead {
    /// `pipe` is either end.
    pub(crate) fn through(pipe: RawFd, null: Null) -> io::Result<Lead> {
        Ok(Lead { pipe: fds::identity(pipe)?, null })
    }

    pub(crate) fn null(&self) -> &Null {
        &self.null
    }

    /// Whether a stream still leads there.
    pub(crate) fn is_on(&self, stream: Stream) -> bool {
        stream.is(self.pipe)
    }

    /// Puts the null device over a stream, unless it leads elsewhere: into a log file, or what the program has put there.
    pub(crate) fn let_go(&self, stream: Stream) -> io::Result<()> {
        if self.is_on(stream) { self.null.over(stream) } else { Ok(()) }
    }
}

/// The null device, for later: the program may have closed or replaced its standard input, or have no `/dev` any
/// more, by the time it is needed. Closed with the last of those who may need it.
#[derive(Clone, Debug)]
pub(crate) struct Null(Arc<OwnedFd>);

impl Null {
    /// Keeps the null device, which is on standard input while the daemon settles.
    pub(crate) fn keep() -> io::Result<Null> {
        fds::duplicate(libc::STDIN_FILENO).map(|null| Null(Arc::new(null)))
    }

    /// Puts the null device over a stream.
    pub(crate) fn over(&self, stream: Stream) -> io::Result<()> {
        fds::duplicate_over(self.0.as_raw_fd(), stream.number())
    }
}
