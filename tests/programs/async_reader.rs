//! A daemon whose readers are tokio's business, and that does with them what its argument says, and reports.

use std::{
    env,
    error::Error,
    io::{self, BufRead, Write},
    process::{Command, Stdio},
};

use godaemon::Reader;
use tokio::{
    io::{AsyncReadExt, Interest, unix::AsyncFd},
    net::unix::pipe,
};

/// More than any pipe holds.
const MUCH: usize = 2 << 20;

#[godaemon::main(capture_output, values = [what = env::args().nth(1).ok_or("what?")?])]
#[tokio::main(flavor = "current_thread")]
async fn main(what: String, stdout: Reader) -> Result<(), Box<dyn Error>> {
    let report = match what.as_str() {
        "read-as-it-is" => read_as_it_is(register(stdout)?).await?,
        "read-as-a-pipe" => read_as_a_pipe(stdout).await?,
        "drop-as-it-is" => {
            drop(register(stdout)?);
            print_much()?
        }
        "drop-before-child" => {
            let mut child = Command::new("/bin/sh");
            let script = format!("read go; head -c {MUCH} /dev/zero");
            let mut child = child.arg("-c").arg(script).stdin(Stdio::piped()).spawn()?;
            drop(register(stdout)?);
            // Dropping its stdin is the word.
            child.stdin.take();
            child.wait()?.to_string()
        }
        _ => return Err("no such thing to do".into()),
    };
    Ok(support::obey_with("body", &[("seen", &report)])?)
}

#[expect(unsafe_code, reason = "tokio asks for a promise about the descriptor")]
fn register(reader: Reader) -> io::Result<AsyncFd<Reader>> {
    reader.set_nonblocking(true)?;
    // SAFETY: a `Reader` owns its descriptor, and it is the same one as long as the reader lives.
    Ok(unsafe { AsyncFd::register_with_interest(reader, Interest::READABLE)? })
}

/// Pieces that are printed while the reader waits for the end of a line, and that of input.
async fn read_as_it_is(mut reader: AsyncFd<Reader>) -> io::Result<String> {
    let printing = tokio::spawn(print_in_pieces());
    let mut lines = Vec::new();
    let mut waited = 0;
    loop {
        let mut ready = reader.readable_mut().await?;
        match ready.try_io(|reader| reader.get_mut().read_until(b'\n', &mut lines)) {
            Ok(Ok(0)) => break,
            Ok(read) => drop(read?),
            Err(_would_block) => waited += 1,
        }
    }
    printing.await??;
    if waited == 0 {
        return Err(io::Error::other("it never had to wait"));
    }
    Ok(String::from_utf8_lossy(&lines).into_owned())
}

async fn read_as_a_pipe(mut reader: Reader) -> Result<String, Box<dyn Error>> {
    // In one write, so that one read takes both.
    io::stdout().write_all(b"first\nbe")?;
    io::stdout().flush()?;
    let mut lines = String::new();
    reader.read_line(&mut lines)?;
    let (pipe, read_ahead) = reader.into_fd();
    lines.push_str(&String::from_utf8(read_ahead)?);
    let mut pipe = pipe::Receiver::from_owned_fd(pipe)?;
    let printing = tokio::spawn(print_in_pieces());
    pipe.read_to_string(&mut lines).await?;
    printing.await??;
    Ok(lines)
}

async fn print_in_pieces() -> io::Result<()> {
    for piece in ["gin", "ning\nand", " ", "the end\nno end"] {
        print!("{piece}");
        io::stdout().flush()?;
        // Whoever reads has its turn.
        tokio::task::yield_now().await;
    }
    godaemon::close_output()
}

fn print_much() -> io::Result<String> {
    io::stdout().write_all(&vec![b'x'; MUCH])?;
    io::stdout().flush()?;
    Ok("printed".to_owned())
}
