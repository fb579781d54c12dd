//! A daemon that inherits a file of every kind, and says by which numbers. Its parent stops when all of them are open.

use std::{
    env,
    error::Error,
    fs::File,
    io::{self, PipeReader, PipeWriter, Read, Seek, Write},
    net::{TcpListener, TcpStream, UdpSocket},
    os::{
        fd::{AsRawFd, OwnedFd},
        unix::net::{UnixDatagram, UnixListener, UnixStream},
    },
};

#[godaemon::main(files = [
    none = None::<File>,
    some = Some(text()?),
    empty = Vec::new(),
    one = vec![text()?],
    many = two_names()?,
    twice = text()?,
    file = text()?,
    owned_fd = text()?.into(),
    pipe_reader = reader()?,
    pipe_writer = io::pipe()?.1,
    tcp_listener = TcpListener::bind("127.0.0.1:0")?,
    tcp_stream = tcp_stream()?,
    udp_socket = UdpSocket::bind("127.0.0.1:0")?,
    unix_listener = UnixListener::bind("listener")?,
    unix_stream = UnixStream::pair()?.0,
    unix_datagram = UnixDatagram::pair()?.0,
    own = Own(text()?.into()),
    stop = stop()?,
])]
fn main(
    none: Option<File>,
    some: Option<File>,
    empty: Vec<File>,
    one: Vec<File>,
    many: Vec<File>,
    twice: File,
    file: File,
    owned_fd: OwnedFd,
    mut pipe_reader: PipeReader,
    pipe_writer: PipeWriter,
    tcp_listener: TcpListener,
    tcp_stream: TcpStream,
    udp_socket: UdpSocket,
    unix_listener: UnixListener,
    unix_stream: UnixStream,
    unix_datagram: UnixDatagram,
    own: Own,
    stop: Option<File>,
) -> Result<(), Box<dyn Error>> {
    let mut waiting = String::new();
    pipe_reader.read_to_string(&mut waiting)?;
    let mut report = vec![("waiting", waiting), ("offsets", offsets(&many, &file)?)];
    report.extend([
        ("none", numbers(&none)),
        ("some", numbers(&some)),
        ("empty", numbers(&empty)),
        ("one", numbers(&one)),
        ("many", numbers(&many)),
        ("twice", numbers([&twice])),
        ("file", numbers([&file])),
        ("owned_fd", numbers([&owned_fd])),
        ("pipe_reader", numbers([&pipe_reader])),
        ("pipe_writer", numbers([&pipe_writer])),
        ("tcp_listener", numbers([&tcp_listener])),
        ("tcp_stream", numbers([&tcp_stream])),
        ("udp_socket", numbers([&udp_socket])),
        ("unix_listener", numbers([&unix_listener])),
        ("unix_stream", numbers([&unix_stream])),
        ("unix_datagram", numbers([&unix_datagram])),
        ("own", numbers([&own.0])),
        ("stop", numbers(&stop)),
    ]);
    let report: Vec<_> = report.iter().map(|(key, value)| (*key, value.as_str())).collect();
    Ok(support::obey_with("body", &report)?)
}

fn numbers<'a, F: AsRawFd + 'a>(files: impl IntoIterator<Item = &'a F>) -> String {
    let numbers: Vec<_> = files.into_iter().map(|file| file.as_raw_fd().to_string()).collect();
    numbers.join(" ")
}

/// Where each file is, after one of them was read from.
fn offsets(many: &[File], other: &File) -> io::Result<String> {
    let [mut first, mut second] = [0, 1].map(|index| &many[index]);
    first.read_exact(&mut [0; 3])?;
    let mut other = other;
    Ok(format!("{} {} {}", first.stream_position()?, second.stream_position()?, other.stream_position()?))
}

/// A type that godaemon does not know.
struct Own(OwnedFd);

impl From<OwnedFd> for Own {
    fn from(fd: OwnedFd) -> Self {
        Self(fd)
    }
}

impl From<Own> for OwnedFd {
    fn from(own: Own) -> Self {
        own.0
    }
}

impl godaemon::InheritFd for Own {}

/// A file, opened anew: each with an offset of its own.
fn text() -> io::Result<File> {
    File::open(env::current_exe()?)
}

/// Two descriptors of one open file: with one offset.
fn two_names() -> io::Result<Vec<File>> {
    let file = text()?;
    Ok(vec![file.try_clone()?, file])
}

/// A pipe in which something waits to be read.
fn reader() -> io::Result<PipeReader> {
    let (reader, mut writer) = io::pipe()?;
    writer.write_all(b"written in the parent")?;
    Ok(reader)
}

fn tcp_stream() -> io::Result<TcpStream> {
    TcpStream::connect(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

fn stop() -> Result<Option<File>, String> {
    support::obey("files")?;
    Ok(None)
}
