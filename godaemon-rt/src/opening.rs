//! Opening a file at a path that somebody else may have prepared: in a directory that others can write to there may
//! be a link to a file of root's, or a FIFO that waits for ever.

use crate::sys::fds;
use std::fmt::{self, Display};
use std::fs::{self, File, FileType, OpenOptions, Permissions};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// How often another one may make a file and remove it, just when it is opened.
const TRIES: usize = 100;

/// A file that was opened, above the standard streams.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) file: File,
    /// This very call has made it.
    pub(crate) is_new: bool,
}

/// Which files, beside regular ones, are welcome.
type Also = fn(FileType) -> bool;

/// Opens the file at a path, or makes one with this mode, whatever the umask is. Goes through no link in the last
/// place of the path, waits for nobody, and wants a regular file, unless `also` says something else.
pub(crate) fn open(path: &Path, access: &OpenOptions, mode: u32, also: Also) -> io::Result<Opened> {
    let Opened { file, is_new } = open_or_make(path, access, mode, also)?;
    if is_new {
        file.set_permissions(Permissions::from_mode(mode))?;
    }
    // To wait for a modem, say, is the writer's own business from here on.
    fds::set_nonblocking(file.as_fd(), false)?;
    let file = fds::above_standard(OwnedFd::from(file))?.into();
    Ok(Opened { file, is_new })
}

fn open_or_make(path: &Path, access: &OpenOptions, mode: u32, also: Also) -> io::Result<Opened> {
    let mut new = carefully(access);
    new.create_new(true).mode(mode);
    let mut tries = 1..TRIES;
    loop {
        match new.open(path) {
            Ok(file) => return Ok(Opened { file, is_new: true }),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        match open_existing(path, access, also) {
            Ok(file) => return Ok(Opened { file, is_new: false }),
            // Removed meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound && tries.next().is_some() => {}
            Err(error) => return Err(error),
        }
    }
}

/// Opens the file at a path, with the same care.
pub(crate) fn open_existing(path: &Path, access: &OpenOptions, also: Also) -> io::Result<File> {
    // Asked before, because to open a device may do something; and after, because it may be another one by then.
    check(fs::symlink_metadata(path)?.file_type(), also)?;
    let file = carefully(access).open(path)?;
    check(file.metadata()?.file_type(), also)?;
    Ok(file)
}

fn carefully(access: &OpenOptions) -> OpenOptions {
    let mut options = access.clone();
    options.custom_flags(libc::O_NOFOLLOW | libc::O_NOCTTY | libc::O_NONBLOCK);
    options
}

fn check(kind: FileType, also: Also) -> io::Result<()> {
    if kind.is_file() || also(kind) {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, Unsuitable::of(kind)))
}

/// What is at the path instead of a file.
#[derive(Debug, PartialEq)]
struct Unsuitable(&'static str);

impl Unsuitable {
    fn of(kind: FileType) -> Unsuitable {
        Unsuitable(match kind {
            kind if kind.is_symlink() => "a symbolic link",
            kind if kind.is_dir() => "a directory",
            kind if kind.is_fifo() => "a FIFO",
            kind if kind.is_socket() => "a socket",
            _ => "a device",
        })
    }
}

impl Display for Unsuitable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it is {}", self.0)
    }
}

impl std::error::Error for Unsuitable {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_file_is_named() {
        let kind = |path| fs::symlink_metadata(path).expect("there").file_type();
        assert_eq!(Unsuitable::of(kind("/")), Unsuitable("a directory"));
        assert_eq!(Unsuitable::of(kind("/dev/null")), Unsuitable("a device"));
        assert_eq!(Unsuitable::of(kind("/proc/self/exe")), Unsuitable("a symbolic link"));
    }
}
