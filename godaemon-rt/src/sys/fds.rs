//! Descriptors: close-on-exec, duplicates, the null device.

use super::{check, retry};
use std::ffi::{CString, OsStr};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};

/// The first number that is not standard input, output or error.
const FIRST: RawFd = 3;

/// Sets or clears close-on-exec of a descriptor, by its number.
pub(crate) fn set_close_on_exec(fd: RawFd, on: bool) -> io::Result<()> {
    let flags = if on { libc::FD_CLOEXEC } else { 0 };
    // SAFETY: changes a flag of this process's descriptor table; no memory is involved.
    check(unsafe { libc::fcntl(fd, libc::F_SETFD, flags) }).map(drop)
}

/// Makes `to` another name of the file that `from` names.
pub(crate) fn duplicate_over(from: RawFd, to: RawFd) -> io::Result<()> {
    // SAFETY: `to` is one of the three standard streams, which nobody owns.
    retry(|| check(unsafe { libc::dup2(from, to) })).map(drop)
}

/// A descriptor that is not one of the standard streams: the same, or a duplicate with a higher number.
pub(crate) fn above_standard(fd: OwnedFd) -> io::Result<OwnedFd> {
    if fd.as_raw_fd() >= FIRST { Ok(fd) } else { duplicate(fd.as_raw_fd()) }
}

/// A duplicate above the standard streams, closed on exec.
pub(crate) fn duplicate(fd: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: makes a new descriptor; no memory is involved.
    let new = check(unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, FIRST) })?;
    // SAFETY: the descriptor was just made and belongs to nobody else.
    Ok(unsafe { OwnedFd::from_raw_fd(new) })
}

/// Takes ownership of a descriptor that the parent handed on, which is open and belongs to nobody else: the marker
/// was recognised, and its descriptors and those of the settings are taken over once.
pub(crate) fn adopt(fd: RawFd) -> OwnedFd {
    // SAFETY: see above. Nothing in this process was told the number before.
    unsafe { OwnedFd::from_raw_fd(fd) }
}

/// The metadata of whatever is behind a borrowed descriptor.
pub(crate) fn metadata(fd: BorrowedFd<'_>) -> io::Result<std::fs::Metadata> {
    // SAFETY: the file is not dropped, so that the descriptor stays the owner's.
    let file = std::mem::ManuallyDrop::new(unsafe { File::from_raw_fd(fd.as_raw_fd()) });
    file.metadata()
}

/// Device and inode of whatever is behind a number. Allocates nothing.
pub(crate) fn identity(fd: RawFd) -> io::Result<(u64, u64)> {
    // SAFETY: the number is looked at during one system call; if nothing is open under it, that says so.
    let metadata = metadata(unsafe { BorrowedFd::borrow_raw(fd) })?;
    Ok((metadata.dev(), metadata.ino()))
}

/// The address family of a socket; `None` for anything else.
pub(crate) fn socket_family(fd: BorrowedFd<'_>) -> Option<libc::c_int> {
    // SAFETY: an address is numbers; zero is a value of each.
    let mut address: libc::sockaddr_storage = unsafe { std::mem::zeroed() };
    let mut length = super::length_of::<libc::sockaddr_storage>();
    // SAFETY: `address` is writable and `length` says how long it is.
    check(unsafe { libc::getsockname(fd.as_raw_fd(), (&raw mut address).cast(), &raw mut length) }).ok()?;
    Some(address.ss_family.into())
}

/// Closes a descriptor that the caller made itself, by its number. Allocates nothing.
pub(crate) fn close(fd: RawFd) {
    // SAFETY: nobody owns the number: it is that of a descriptor which never was an `OwnedFd`.
    unsafe { libc::close(fd) };
}

/// Whether a number is an open descriptor.
pub(crate) fn is_open(fd: RawFd) -> bool {
    // SAFETY: reads a flag; no memory is involved.
    unsafe { libc::fcntl(fd, libc::F_GETFD) != -1 }
}

/// A pipe, both ends closed on exec and above the standard streams.
pub(crate) fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let (reader, writer) = io::pipe()?;
    Ok((above_standard(reader.into())?, above_standard(writer.into())?))
}

/// Reads from a descriptor. Allocates nothing.
pub(crate) fn read(fd: RawFd, buffer: &mut [u8]) -> io::Result<usize> {
    retry(|| {
        // SAFETY: the buffer is writable and as long as said.
        let count = unsafe { libc::read(fd, buffer.as_mut_ptr().cast(), buffer.len()) };
        usize::try_from(count).map_err(|_| io::Error::last_os_error())
    })
}

/// How many bytes wait to be read.
pub(crate) fn waiting(fd: RawFd) -> io::Result<usize> {
    let mut count: libc::c_int = 0;
    // SAFETY: `count` is writable, and of the type that the request writes.
    check(unsafe { libc::ioctl(fd, libc::FIONREAD, &raw mut count) })?;
    Ok(usize::try_from(count).unwrap_or(0))
}

/// Writes a message to standard error, as far as it goes; for the time before `main`.
pub(crate) fn complain(parts: &[&[u8]]) {
    for part in parts {
        // SAFETY: the part is readable and as long as said. What cannot be written cannot be reported either.
        unsafe { libc::write(libc::STDERR_FILENO, part.as_ptr().cast(), part.len()) };
    }
}

/// Makes the pipe hold `size` bytes, where the system can; a refusal leaves it as it is.
pub(crate) fn enlarge_pipe(pipe: &OwnedFd, size: u32) {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    // SAFETY: changes the size of a pipe; no memory is involved.
    unsafe {
        libc::fcntl(pipe.as_raw_fd(), libc::F_SETPIPE_SZ, size)
    };
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = (pipe, size);
}

/// One more end to write into, which does not wait, of a pipe of which this process has the other end.
pub(crate) fn writer_of(pipe: RawFd) -> io::Result<OwnedFd> {
    let path = format!("/proc/self/fd/{pipe}");
    Ok(OpenOptions::new().write(true).custom_flags(libc::O_NONBLOCK).open(path)?.into())
}

/// Sets whether reads return at once when there is nothing to read.
pub(crate) fn set_nonblocking(fd: BorrowedFd<'_>, on: bool) -> io::Result<()> {
    let flags = status_flags(fd)?;
    let flags = if on { flags | libc::O_NONBLOCK } else { flags & !libc::O_NONBLOCK };
    // SAFETY: sets the flags of a borrowed descriptor.
    check(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETFL, flags) }).map(drop)
}

/// How the file of a descriptor is open: the access mode, `O_NONBLOCK`, and the like.
pub(crate) fn status_flags(fd: BorrowedFd<'_>) -> io::Result<libc::c_int> {
    // SAFETY: reads the flags of a borrowed descriptor.
    check(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_GETFL) })
}

/// Opens the null device for reading and writing, and makes sure that it is one: a plain file in its place would
/// collect the output of every daemon of the machine. (A FIFO in its place waits for nobody that way.)
pub(crate) fn null_device() -> io::Result<OwnedFd> {
    let file = OpenOptions::new().read(true).write(true).custom_flags(libc::O_NOCTTY).open("/dev/null")?;
    if !is_null_device(&file)? {
        return Err(io::Error::other("not the null device"));
    }
    above_standard(file.into())
}

fn is_null_device(file: &File) -> io::Result<bool> {
    let metadata = file.metadata()?;
    // Linux fixes the numbers of the null device; elsewhere "a character device" is what can be asked.
    #[cfg(target_os = "linux")]
    if metadata.rdev() != libc::makedev(1, 3) {
        return Ok(false);
    }
    Ok(metadata.file_type().is_char_device())
}

/// Opens a directory in order to enter it, and makes sure that this is allowed.
///
/// On Linux no permission to read it is needed (`O_PATH`).
pub(crate) fn open_directory(path: &std::path::Path) -> io::Result<OwnedFd> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let flags = libc::O_PATH;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let flags = 0;
    // Looking up `.` in it is what asks for the permission to search it.
    let directory = OpenOptions::new()
        .read(true)
        .custom_flags(flags | libc::O_DIRECTORY | libc::O_NOCTTY)
        .open(path.join("."))?;
    above_standard(directory.into())
}

/// Renames a file in a directory to what it is called already, which changes nothing.
pub(crate) fn rename_to_itself(directory: BorrowedFd<'_>, name: &OsStr) -> io::Result<()> {
    let name = CString::new(name.as_bytes())?;
    let (directory, name) = (directory.as_raw_fd(), name.as_ptr());
    // SAFETY: the name is a C string.
    check(unsafe { libc::renameat(directory, name, directory, name) }).map(drop)
}

/// Marks every descriptor above the standard streams close-on-exec. Allocates nothing.
pub(crate) fn close_all_on_exec() -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        // SAFETY: marks descriptors of this process; no memory is involved.
        let marked = unsafe {
            libc::syscall(libc::SYS_close_range, FIRST, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC)
        };
        if marked == 0 {
            return Ok(());
        }
        // Older than Linux 5.11, or refused by a filter: one by one, as /proc lists them.
        if close_listed_on_exec().is_ok() {
            return Ok(());
        }
    }
    close_on_exec_up_to_limit()
}

/// Without a list: every number that the limit allows. The limit may have been lowered after a descriptor above it
/// was opened, and may be a thousand million; a million takes a tenth of a second.
fn close_on_exec_up_to_limit() -> io::Result<()> {
    const ENOUGH: RawFd = 1 << 20;
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is writable.
    check(unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) })?;
    let hard = RawFd::try_from(limit.rlim_max).unwrap_or(RawFd::MAX);
    for fd in FIRST..hard.clamp(4096, ENOUGH) {
        if is_open(fd) {
            set_close_on_exec(fd, true)?;
        }
    }
    Ok(())
}

#[cfg(target_os = "linux")]
fn close_listed_on_exec() -> io::Result<()> {
    super::listing::for_each_number(c"/proc/self/fd", |fd| {
        let marked = if fd >= FIRST { set_close_on_exec(fd, true) } else { Ok(()) };
        match marked {
            // Another thread has closed it meanwhile.
            Err(error) if error.raw_os_error() == Some(libc::EBADF) => Ok(()),
            marked => marked,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_device_is_recognised_and_a_plain_file_is_not() {
        assert!(null_device().is_ok());
        assert!(!is_null_device(&File::open("/proc/self/exe").expect("own executable")).expect("metadata"));
        assert!(!is_null_device(&File::open("/dev/zero").expect("zero device")).expect("metadata"));
    }

    #[test]
    fn directory_is_opened_and_a_file_is_not() {
        assert!(open_directory("/".as_ref()).is_ok());
        assert!(open_directory("/proc/self/exe".as_ref()).is_err());
        assert!(open_directory("/no such directory".as_ref()).is_err());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn listed_descriptors_are_marked() {
        let file = File::open("/dev/null").expect("null device");
        set_close_on_exec(file.as_raw_fd(), false).expect("clear");
        close_listed_on_exec().expect("list");
        // SAFETY: reads a flag of a descriptor that this test owns.
        let flags = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_GETFD) };
        assert_eq!(flags, libc::FD_CLOEXEC);
    }
}
