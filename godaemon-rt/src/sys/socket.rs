//! The channel's system calls: who is at the other end, send, receive.

use super::{check, retry};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};

// Linux says per message that it must not raise SIGPIPE; Apple's systems say it once per socket, in `quiet`.
#[cfg(not(target_vendor = "apple"))]
const QUIET: libc::c_int = libc::MSG_NOSIGNAL;
#[cfg(target_vendor = "apple")]
const QUIET: libc::c_int = 0;

/// How a call behaves when it cannot be done at once.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Patience {
    Wait,
    AtOnce,
}

impl Patience {
    fn flag(self) -> libc::c_int {
        match self {
            Patience::Wait => 0,
            Patience::AtOnce => libc::MSG_DONTWAIT,
        }
    }
}

/// Sends bytes and returns how many went out; never raises SIGPIPE.
pub(crate) fn send(fd: RawFd, bytes: &[u8], patience: Patience) -> io::Result<usize> {
    let flags = QUIET | patience.flag();
    retry(|| {
        // SAFETY: the bytes are readable and as many as said.
        let count = unsafe { libc::send(fd, bytes.as_ptr().cast(), bytes.len(), flags) };
        usize::try_from(count).map_err(|_| io::Error::last_os_error())
    })
}

/// Receives what is there; zero is the end.
pub(crate) fn receive(fd: RawFd, buffer: &mut [u8], patience: Patience) -> io::Result<usize> {
    receive_with(fd, buffer, patience.flag())
}

/// Looks at what waits to be received, and leaves it there; never waits.
pub(crate) fn peek(fd: RawFd, buffer: &mut [u8]) -> io::Result<usize> {
    receive_with(fd, buffer, libc::MSG_PEEK | libc::MSG_DONTWAIT)
}

fn receive_with(fd: RawFd, buffer: &mut [u8], flags: libc::c_int) -> io::Result<usize> {
    retry(|| {
        // SAFETY: the buffer is writable and as long as said.
        let count = unsafe { libc::recv(fd, buffer.as_mut_ptr().cast(), buffer.len(), flags) };
        usize::try_from(count).map_err(|_| io::Error::last_os_error())
    })
}

/// The user who made the other end of a Unix socket, by the word of the kernel; see `SO_PEERCRED` in `unix(7)`.
/// For a socket without another end it is nobody.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn peer_user(fd: RawFd) -> io::Result<libc::uid_t> {
    let mut peer = libc::ucred { pid: 0, uid: libc::uid_t::MAX, gid: libc::gid_t::MAX };
    let mut length = super::length_of::<libc::ucred>();
    // SAFETY: `peer` is writable and `length` says how long it is.
    check(unsafe {
        libc::getsockopt(fd, libc::SOL_SOCKET, libc::SO_PEERCRED, (&raw mut peer).cast(), &raw mut length)
    })?;
    Ok(peer.uid)
}

/// The user at the other end of a Unix socket, by the word of the kernel; see `getpeereid(3)`.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn peer_user(fd: RawFd) -> io::Result<libc::uid_t> {
    let (mut user, mut group) = (libc::uid_t::MAX, libc::gid_t::MAX);
    // SAFETY: both are writable.
    check(unsafe { libc::getpeereid(fd, &raw mut user, &raw mut group) })?;
    Ok(user)
}

/// The type of a socket, such as `SOCK_STREAM`.
pub(crate) fn kind(fd: BorrowedFd<'_>) -> io::Result<libc::c_int> {
    number(fd, libc::SO_TYPE)
}

/// Whether a socket waits for connections.
pub(crate) fn listens(fd: BorrowedFd<'_>) -> io::Result<bool> {
    Ok(number(fd, libc::SO_ACCEPTCONN)? != 0)
}

/// An option of a socket that is a number.
fn number(fd: BorrowedFd<'_>, option: libc::c_int) -> io::Result<libc::c_int> {
    let mut value: libc::c_int = 0;
    let mut length = super::length_of::<libc::c_int>();
    // SAFETY: `value` is writable and `length` says how long it is.
    check(unsafe {
        libc::getsockopt(fd.as_raw_fd(), libc::SOL_SOCKET, option, (&raw mut value).cast(), &raw mut length)
    })?;
    Ok(value)
}

/// Two connected sockets for the first child, closed on exec, whose ends never wait: numbers, and no allocation.
pub(crate) fn raw_pair() -> io::Result<[RawFd; 2]> {
    let mut ends = [0; 2];
    #[cfg(not(target_vendor = "apple"))]
    let kind = libc::SOCK_STREAM | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
    #[cfg(target_vendor = "apple")]
    let kind = libc::SOCK_STREAM;
    // SAFETY: `ends` has room for the two numbers.
    check(unsafe { libc::socketpair(libc::AF_UNIX, kind, 0, ends.as_mut_ptr()) })?;
    #[cfg(target_vendor = "apple")]
    for end in ends {
        quiet(end)?;
        super::fds::set_close_on_exec(end, true)?;
        // SAFETY: the descriptor was just made, and stays open meanwhile.
        super::fds::set_nonblocking(unsafe { BorrowedFd::borrow_raw(end) }, true)?;
    }
    Ok(ends)
}

/// Makes a socket raise no SIGPIPE, where that is a property of the socket.
pub(crate) fn quiet(fd: RawFd) -> io::Result<()> {
    #[cfg(target_vendor = "apple")]
    {
        let on: libc::c_int = 1;
        let length = super::length_of::<libc::c_int>();
        // SAFETY: the option's value is readable and as long as said.
        check(unsafe {
            libc::setsockopt(fd, libc::SOL_SOCKET, libc::SO_NOSIGPIPE, (&raw const on).cast(), length)
        })?;
    }
    let _ = fd;
    Ok(())
}
