//! Opening a file at a path that somebody else may have prepared: in a directory that others can write to there may
//! be a link to a file of root's, or a FIFO that waits for ever.

use crate::sys::{fds, process};
use std::ffi::OsStr;
use std::fmt::{self, Display};
use std::fs::{self, File, FileType, OpenOptions};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

/// How often another one may make a file and remove it, just when it is opened.
const TRIES: usize = 100;

/// How often to count the names of a file. Where the system does not say that a name is gone, somebody would have to
/// remove it and give it again in each of them.
const LOOKS: usize = 3;

/// A file that was opened, above the standard streams.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) file: File,
    /// This very call has made it.
    pub(crate) is_new: bool,
}

/// What is looked for at a path.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Wanted {
    /// A regular file, with any number of names.
    RegularFile,
    /// A regular file, for root one that has no other name, or a character device.
    LogFile,
}

/// Opens the file at a path, or makes one with this mode, without what the umask takes away. Goes through no link in
/// the last place of the path, and waits for nobody. What is done with the file does not wait, either.
pub(crate) fn open(path: &Path, access: &OpenOptions, mode: u32, wanted: Wanted) -> io::Result<Opened> {
    let Opened { file, is_new } = open_or_make(path, access, mode, wanted)?;
    let file = fds::above_standard(OwnedFd::from(file))?.into();
    Ok(Opened { file, is_new })
}

fn open_or_make(path: &Path, access: &OpenOptions, mode: u32, wanted: Wanted) -> io::Result<Opened> {
    let mut new = carefully(access);
    new.create_new(true).mode(mode);
    let mut tries = 1..TRIES;
    loop {
        match new.open(path) {
            Ok(file) => return Ok(Opened { file, is_new: true }),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        let has_tries = tries.next().is_some();
        let file = match open_existing(path, access, wanted) {
            Ok(file) => file,
            // Removed meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound && has_tries => continue,
            Err(error) => return Err(error),
        };
        let names = if wanted == Wanted::LogFile { names(&file, path)? } else { Names::One };
        match names {
            Names::One => return Ok(Opened { file, is_new: false }),
            Names::More => {
                let why = "it has another name (a hard link), which root does not follow";
                return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
            }
            Names::Changed if has_tries => {}
            Names::Changed => return Err(io::Error::other("another process replaces it all the time")),
        }
    }
}

/// Opens the file at a path, with the same care.
pub(crate) fn open_existing(path: &Path, access: &OpenOptions, wanted: Wanted) -> io::Result<File> {
    // Asked before, because to open a device may do something; and after, because it may be another one by then.
    check(fs::symlink_metadata(path)?.file_type(), wanted)?;
    let file = carefully(access).open(path)?;
    check(file.metadata()?.file_type(), wanted)?;
    Ok(file)
}

fn carefully(access: &OpenOptions) -> OpenOptions {
    let mut options = access.clone();
    options.custom_flags(libc::O_NOFOLLOW | libc::O_NOCTTY | libc::O_NONBLOCK);
    options
}

/// Whether this is the file at a path, and no other has come in its place.
pub(crate) fn is_at(file: &File, path: &Path) -> bool {
    let at_path = fs::symlink_metadata(path).map(|metadata| (metadata.dev(), metadata.ino()));
    matches!((at_path, fds::identity(file.as_raw_fd())), (Ok(there), Ok(own)) if there == own)
}

/// How many names a file has.
enum Names {
    /// The path by which it was opened.
    One,
    More,
    /// Another file has come to the path, or none is there.
    Changed,
}

/// Counts the names of a regular file, for root: who may write to the directory may have given any file of root's a
/// second name there.
///
/// And may take it away just now: then it counts no longer, and can still be found until that is over. To rename it to
/// what it is called already, which changes nothing, is to wait for that; and then the name by which the file was
/// opened is gone for good.
fn names(file: &File, path: &Path) -> io::Result<Names> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Ok(Names::Changed) };
    if process::effective_user() != 0 || !file.metadata()?.is_file() {
        return Ok(Names::One);
    }
    let folder = fds::open_directory(folder)?;
    for _ in 0..LOOKS {
        match file.metadata()?.nlink() {
            0 => return Ok(Names::Changed),
            1 => {}
            _ => return Ok(Names::More),
        }
        // Where it is refused, nobody else may change anything, either: read-only, or immutable.
        let _ = fds::rename_to_itself(folder.as_fd(), name);
        if !is_named(file, name) || !is_at(file, path) {
            return Ok(Names::Changed);
        }
    }
    Ok(Names::One)
}

/// Whether a file still has the name by which it was opened, and not another one of the same letters; where the system
/// says so. The name of one that was removed has ` (deleted)` behind it.
fn is_named(file: &File, name: &OsStr) -> bool {
    let path = fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd()));
    path.is_ok_and(|path| path.file_name() == Some(name)) || !Path::new("/proc/self/fd").exists()
}

fn check(kind: FileType, wanted: Wanted) -> io::Result<()> {
    if kind.is_file() || (wanted == Wanted::LogFile && kind.is_char_device()) {
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
