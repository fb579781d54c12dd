//! What can be handed on to the daemon, and how it gets out of its descriptors again.

use crate::sys::{fds, socket};
use std::ffi::c_int;
use std::fs::File;
use std::io::{self, PipeReader, PipeWriter};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};

/// What a file that is handed on to the daemon can be: every type that is [`InheritFd`], and `Option` and `Vec` of
/// it.
///
/// The trait is implemented through [`InheritFd`], for types of one's own as well.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be handed on to the daemon",
    label = "not a type for a file that is handed on",
    note = "a file is a `File`, `OwnedFd`, a socket or a pipe of std, or an `Option` or `Vec` of one of them",
    note = "a type of your own that owns one descriptor joins by `impl godaemon::InheritFd for ...`"
)]
pub trait Inherit: Sized {
    /// The descriptors, in an order that `from_fds` understands.
    #[doc(hidden)]
    fn into_fds(self) -> Vec<OwnedFd>;

    /// The value again, or the descriptors if they do not make such a value.
    #[doc(hidden)]
    fn from_fds(fds: Vec<OwnedFd>) -> Result<Self, Vec<OwnedFd>>;
}

/// A type that owns one descriptor and can be made from it.
///
/// ```
/// use std::os::fd::OwnedFd;
///
/// struct Device(OwnedFd);
/// impl From<OwnedFd> for Device {
///     fn from(fd: OwnedFd) -> Device {
///         Device(fd)
///     }
/// }
/// impl From<Device> for OwnedFd {
///     fn from(device: Device) -> OwnedFd {
///         device.0
///     }
/// }
/// # use godaemon_rt as godaemon;
/// impl godaemon::InheritFd for Device {}
/// ```
pub trait InheritFd: From<OwnedFd> + Into<OwnedFd> {
    /// Whether a descriptor is of the kind that this type is for.
    #[doc(hidden)]
    fn accepts(_: BorrowedFd<'_>) -> bool {
        true
    }
}

impl<T: InheritFd> Inherit for T {
    fn into_fds(self) -> Vec<OwnedFd> {
        vec![self.into()]
    }

    fn from_fds(mut fds: Vec<OwnedFd>) -> Result<T, Vec<OwnedFd>> {
        match fds.pop() {
            Some(fd) if fds.is_empty() && T::accepts(fd.as_fd()) => Ok(fd.into()),
            last => {
                fds.extend(last);
                Err(fds)
            }
        }
    }
}

impl<T: InheritFd> Inherit for Option<T> {
    fn into_fds(self) -> Vec<OwnedFd> {
        self.map(T::into_fds).unwrap_or_default()
    }

    fn from_fds(fds: Vec<OwnedFd>) -> Result<Option<T>, Vec<OwnedFd>> {
        if fds.is_empty() { Ok(None) } else { T::from_fds(fds).map(Some) }
    }
}

impl<T: InheritFd> Inherit for Vec<T> {
    fn into_fds(self) -> Vec<OwnedFd> {
        self.into_iter().map(Into::into).collect()
    }

    fn from_fds(fds: Vec<OwnedFd>) -> Result<Vec<T>, Vec<OwnedFd>> {
        if fds.iter().all(|fd| T::accepts(fd.as_fd())) {
            Ok(fds.into_iter().map(T::from).collect())
        } else {
            Err(fds)
        }
    }
}

impl InheritFd for OwnedFd {}

impl InheritFd for File {
    fn accepts(fd: BorrowedFd<'_>) -> bool {
        !file_type(fd).is_some_and(|kind| kind.is_socket())
    }
}

impl InheritFd for PipeReader {
    fn accepts(fd: BorrowedFd<'_>) -> bool {
        is_pipe(fd, libc::O_RDONLY)
    }
}

impl InheritFd for PipeWriter {
    fn accepts(fd: BorrowedFd<'_>) -> bool {
        is_pipe(fd, libc::O_WRONLY)
    }
}

impl InheritFd for TcpListener {
    fn accepts(fd: BorrowedFd<'_>) -> bool {
        is_internet(fd) && is_socket(fd, libc::SOCK_STREAM, true)
    }
}

impl InheritFd for TcpStream {
    fn accepts(fd: BorrowedFd<'_>) -> bool {
        is_internet(fd) && is_socket(fd, libc::SOCK_STREAM, false)
    }
}

impl InheritFd for UdpSocket {
    fn accepts(fd: BorrowedFd<'_>) -> bool {
        is_internet(fd) && is_socket(fd, libc::SOCK_DGRAM, false)
    }
}

impl InheritFd for UnixListener {
    fn accepts(fd: BorrowedFd<'_>) -> bool {
        is_unix(fd) && is_socket(fd, libc::SOCK_STREAM, true)
    }
}

impl InheritFd for UnixStream {
    fn accepts(fd: BorrowedFd<'_>) -> bool {
        is_unix(fd) && is_socket(fd, libc::SOCK_STREAM, false)
    }
}

impl InheritFd for UnixDatagram {
    fn accepts(fd: BorrowedFd<'_>) -> bool {
        is_unix(fd) && is_socket(fd, libc::SOCK_DGRAM, false)
    }
}

fn file_type(fd: BorrowedFd<'_>) -> Option<std::fs::FileType> {
    Some(fds::metadata(fd).ok()?.file_type())
}

/// Whether a descriptor is an end of a pipe that allows this access, or both.
fn is_pipe(fd: BorrowedFd<'_>, access: c_int) -> bool {
    let Ok(flags) = fds::status_flags(fd) else { return false };
    let is_fifo = file_type(fd).is_some_and(|kind| kind.is_fifo());
    is_fifo && [access, libc::O_RDWR].contains(&(flags & libc::O_ACCMODE))
}

fn is_socket(fd: BorrowedFd<'_>, kind: libc::c_int, listens: bool) -> bool {
    socket::kind(fd).is_ok_and(|own| own == kind)
        // Only streams can listen; some systems do not answer for the others.
        && (kind != libc::SOCK_STREAM || socket::listens(fd).unwrap_or(false) == listens)
}

fn is_internet(fd: BorrowedFd<'_>) -> bool {
    matches!(fds::socket_family(fd), Some(libc::AF_INET | libc::AF_INET6))
}

fn is_unix(fd: BorrowedFd<'_>) -> bool {
    fds::socket_family(fd) == Some(libc::AF_UNIX)
}

/// A file on its way: its name, and the descriptors that it consists of, none of them a standard stream.
#[derive(Debug)]
pub(crate) struct HandedOn {
    pub(crate) name: String,
    pub(crate) fds: Vec<OwnedFd>,
}

impl HandedOn {
    pub(crate) fn new(name: &str, value: impl Inherit) -> io::Result<HandedOn> {
        let fds = value.into_fds().into_iter().map(fds::above_standard).collect::<io::Result<_>>()?;
        Ok(HandedOn { name: name.to_owned(), fds })
    }

    pub(crate) fn numbers(&self) -> Vec<RawFd> {
        self.fds.iter().map(AsRawFd::as_raw_fd).collect()
    }
}

/// Takes a file out of those that are there; one of another kind stays.
pub(crate) fn take<T: Inherit>(files: &mut Vec<HandedOn>, name: &str) -> io::Result<T> {
    let Some(index) = files.iter().position(|file| file.name == name) else {
        return Err(io::Error::new(io::ErrorKind::NotFound, format!("no file `{name}` was handed on")));
    };
    let HandedOn { name, fds } = files.remove(index);
    T::from_fds(fds).map_err(|fds| {
        let message = format!("the file `{name}` is not a `{}`", std::any::type_name::<T>());
        files.insert(index, HandedOn { name, fds });
        io::Error::new(io::ErrorKind::InvalidInput, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    type Accepts = fn(BorrowedFd<'_>) -> bool;

    fn accepted(fd: impl Into<OwnedFd>) -> Vec<&'static str> {
        let fd = fd.into();
        let fd = fd.as_fd();
        let table: [(&str, Accepts); 10] = [
            ("OwnedFd", OwnedFd::accepts),
            ("File", File::accepts),
            ("PipeReader", PipeReader::accepts),
            ("PipeWriter", PipeWriter::accepts),
            ("TcpListener", TcpListener::accepts),
            ("TcpStream", TcpStream::accepts),
            ("UdpSocket", UdpSocket::accepts),
            ("UnixListener", UnixListener::accepts),
            ("UnixStream", UnixStream::accepts),
            ("UnixDatagram", UnixDatagram::accepts),
        ];
        table.into_iter().filter(|(_, accepts)| accepts(fd)).map(|(name, _)| name).collect()
    }

    #[test]
    fn each_type_accepts_its_kind() -> io::Result<()> {
        assert_eq!(accepted(File::open("/dev/null")?), ["OwnedFd", "File"]);
        let (reader, writer) = io::pipe()?;
        assert_eq!(accepted(reader), ["OwnedFd", "File", "PipeReader"]);
        assert_eq!(accepted(writer), ["OwnedFd", "File", "PipeWriter"]);
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let stream = TcpStream::connect(listener.local_addr()?)?;
        assert_eq!(accepted(listener), ["OwnedFd", "TcpListener"]);
        assert_eq!(accepted(stream), ["OwnedFd", "TcpStream"]);
        assert_eq!(accepted(UdpSocket::bind("127.0.0.1:0")?), ["OwnedFd", "UdpSocket"]);
        let directory = std::env::temp_dir().join(format!("godaemon-inherit-{}", std::process::id()));
        let unix = UnixListener::bind(&directory)?;
        std::fs::remove_file(directory)?;
        assert_eq!(accepted(unix), ["OwnedFd", "UnixListener"]);
        assert_eq!(accepted(UnixStream::pair()?.0), ["OwnedFd", "UnixStream"]);
        assert_eq!(accepted(UnixDatagram::unbound()?), ["OwnedFd", "UnixDatagram"]);
        Ok(())
    }

    #[test]
    fn files_are_taken_by_name_kind_and_number() -> io::Result<()> {
        let null = || File::open("/dev/null");
        let mut files = vec![
            HandedOn::new("one", null()?)?,
            HandedOn::new("none", None::<File>)?,
            HandedOn::new("some", Some(null()?))?,
            HandedOn::new("two", vec![null()?, null()?])?,
        ];
        assert_eq!(take::<File>(&mut files, "other").unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(take::<TcpListener>(&mut files, "one").unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert_eq!(take::<File>(&mut files, "two").unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert!(take::<File>(&mut files, "one").is_ok());
        assert!(take::<Option<File>>(&mut files, "none")?.is_none());
        assert!(take::<Option<File>>(&mut files, "some")?.is_some());
        assert_eq!(take::<Vec<File>>(&mut files, "two")?.len(), 2);
        assert!(files.is_empty());
        Ok(())
    }
}
