//! Every kind of parameter.
#![expect(clippy::question_mark_used, reason = "the `?` are the user's")]

pub mod every_file {
    //! Every type that can be handed on.

    use crate::user::{open, open_all, secret};
    use std::{
        fs::File,
        io::{PipeReader, PipeWriter, pipe},
        net::{TcpListener, TcpStream, UdpSocket},
        os::{
            fd::OwnedFd,
            unix::net::{UnixDatagram, UnixListener, UnixStream},
        },
    };

    /// The daemon.
    #[godaemon::main(files = [
        file = open("/dev/null")?,
        descriptor = OwnedFd::from(open("/dev/null")?),
        listener = TcpListener::bind("127.0.0.1:0")?,
        connection = TcpStream::connect("127.0.0.1:7")?,
        datagrams = UdpSocket::bind("127.0.0.1:0")?,
        local_listener = UnixListener::bind("/run/echod")?,
        local_connection = UnixStream::connect("/run/echod")?,
        local_datagrams = UnixDatagram::unbound()?,
        reader = secret()?,
        writer = pipe()?.1,
        maybe = open("/dev/null").ok(),
        none = None,
        several = open_all(&["/dev/null", "/dev/zero"])?,
        empty = Vec::new(),
    ])]
    pub fn main(
        file: File,
        descriptor: OwnedFd,
        listener: TcpListener,
        connection: TcpStream,
        datagrams: UdpSocket,
        local_listener: UnixListener,
        local_connection: UnixStream,
        local_datagrams: UnixDatagram,
        reader: PipeReader,
        writer: PipeWriter,
        maybe: Option<File>,
        none: Option<OwnedFd>,
        several: Vec<File>,
        empty: Vec<TcpListener>,
    ) {
        drop((file, descriptor, listener, connection, datagrams, local_listener));
        drop((local_connection, local_datagrams, reader, writer, maybe, none, several, empty));
    }
}

pub mod unused {
    //! Parameters that nobody uses.

    use crate::user::{Args, open, parse};
    use godaemon::{Reader, Ready};
    use std::fs::File;

    /// The daemon.
    #[godaemon::main(values = [args = parse()], files = [lock = open("/dev/null")?], capture_output)]
    pub fn main(_lock: File, _args: Args, _ready: Ready, _stdout: Reader, _stderr: Reader) {}
}

pub mod mutable {
    //! Parameters that change.

    use crate::user::secret;
    use godaemon::Reader;
    use std::io::{PipeReader, Read as _, Result};

    /// The daemon.
    ///
    /// # Errors
    ///
    /// Nothing can be read.
    #[godaemon::main(values = [text = String::new()], files = [secret = secret()?], capture_output)]
    pub fn main(mut secret: PipeReader, mut text: String, mut stdout: Reader) -> Result<()> {
        let length = secret.read_to_string(&mut text)?;
        stdout.read_to_string(&mut text).map(|more| drop(vec![length, more]))
    }
}

pub mod handles {
    //! What godaemon itself provides.

    use godaemon::{Reader, Ready};
    use std::io::Result;

    /// The daemon.
    ///
    /// # Errors
    ///
    /// The supervisor cannot be told.
    #[godaemon::main(capture_output)]
    pub fn main(stdout: Reader, stderr: Reader, ready: Ready) -> Result<()> {
        drop((stdout, stderr));
        ready.notify()
    }
}

pub mod fails {
    //! A start that fails.

    use godaemon::Ready;

    /// The daemon.
    #[godaemon::main]
    pub fn main(ready: Ready) {
        ready.fail("the sky fell");
    }
}

pub mod with_attributes {
    //! Parameters with lints.

    use crate::user::open;
    use std::fs::File;

    /// The daemon.
    #[godaemon::main(files = [lock = open("/dev/null")?], values = [number = 7])]
    pub fn main(
        #[expect(unused_variables, reason = "as long as nothing is locked")] lock: File,
        #[expect(unused_variables, reason = "as long as nothing is counted")] number: u8,
    ) {
    }
}

pub mod big {
    //! A value that is large.

    /// The daemon.
    #[godaemon::main(values = [table = [0; 1024]])]
    pub fn main(table: [u8; 1024]) {
        drop(vec![table]);
    }
}

pub mod nothing {
    //! Values without a content, and of a type with a lifetime.

    extern crate alloc;

    use alloc::borrow::Cow;

    /// The daemon.
    #[godaemon::main(values = [nothing = (), text = "text".into(), word = "word"])]
    pub fn main(nothing: (), text: Cow<'static, str>, word: &'static str) {
        drop((vec![nothing], text, vec![word]));
    }
}
