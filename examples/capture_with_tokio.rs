//! Captured output and tokio: one reader stays what it is, in an `AsyncFd`; the other becomes a pipe of tokio's, with a
//! codec of `tokio-util`.
//!
//! ```text
//! $ cargo run --example capture_with_tokio
//! process 4711 prints a few lines; see what becomes of them: cat /tmp/capture_with_tokio.log
//! ```

use futures_util::StreamExt;
use godaemon::Reader;
use std::fs::File;
use std::io::{self, BufRead, Write};
use std::path::PathBuf;
use std::{env, error::Error};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::net::unix::pipe;
use tokio_util::codec::{AnyDelimiterCodec, FramedRead};

#[godaemon::main(
    capture_output,
    files = [log = File::options().append(true).create(true).open(log_path())?],
    on_ready = |pid| {
        println!("process {pid} prints a few lines; see what becomes of them: cat {}", log_path().display());
    },
)]
#[tokio::main(flavor = "current_thread")]
async fn main(log: File, stdout: Reader, stderr: Reader) -> Result<(), Box<dyn Error>> {
    let log_of_errors = log.try_clone()?;
    let readers = [tokio::spawn(as_it_is(stdout, log)), tokio::spawn(as_a_pipe(stderr, log_of_errors))];
    for number in 1..=3 {
        println!("this is number {number}");
        eprintln!("and this goes another way");
        tokio::task::yield_now().await;
    }
    // Without it the readers would not come to an end while this process lives.
    godaemon::close_output()?;
    for reader in readers {
        reader.await??;
    }
    Ok(())
}

/// The reader keeps its place: if this future is dropped, printing goes on, into the null device.
#[expect(unsafe_code, reason = "tokio asks for a promise about the descriptor")]
async fn as_it_is(reader: Reader, mut log: File) -> io::Result<()> {
    reader.set_nonblocking(true)?;
    // SAFETY: a `Reader` owns its descriptor, and it is the same one as long as the reader lives.
    let mut reader = unsafe { AsyncFd::register_with_interest(reader, Interest::READABLE)? };
    let mut line = Vec::new();
    loop {
        let mut ready = reader.readable_mut().await?;
        match ready.try_io(|reader| reader.get_mut().read_until(b'\n', &mut line)) {
            Ok(Ok(0)) => return Ok(()),
            Ok(read) => {
                read?;
                log.write_all(&[b"out: ", line.as_slice()].concat())?;
                line.clear();
            }
            // Nothing there, or the start of a line, which `line` keeps.
            Err(_would_block) => {}
        }
    }
}

/// From here on the pipe is the program's own: if this future is dropped, what is printed fails with `EPIPE`, and
/// `eprintln!` panics.
async fn as_a_pipe(reader: Reader, mut log: File) -> Result<(), io::Error> {
    let (pipe, read_ahead) = reader.into_fd();
    let lines = AnyDelimiterCodec::new(b"\n".into(), b"\n".into());
    let mut lines = FramedRead::new(pipe::Receiver::from_owned_fd(pipe)?, lines);
    lines.read_buffer_mut().extend_from_slice(&read_ahead);
    while let Some(line) = lines.next().await {
        let line = line.map_err(io::Error::other)?;
        log.write_all(&[b"err: ", line.as_ref(), b"\n"].concat())?;
    }
    Ok(())
}

fn log_path() -> PathBuf {
    env::temp_dir().join("capture_with_tokio.log")
}
