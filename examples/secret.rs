//! A secret that is typed at the terminal, unseen, and reaches the daemon through a pipe.
//!
//! ```text
//! $ cargo run --example secret
//! Password:
//! process 4711 has a password of 9 bytes; end it with: kill 4711
//! ```

use godaemon::Ready;
use std::error::Error;
use std::io::{self, PipeReader, Read, Write};
use std::{process, thread};

#[godaemon::main(files = [password = ask()?])]
fn main(mut password: PipeReader, ready: Ready) -> Result<(), Box<dyn Error>> {
    let mut secret = String::new();
    password.read_to_string(&mut secret)?;
    if secret.is_empty() {
        ready.fail("no password"); // still told at the terminal
    }
    let pid = process::id();
    eprintln!("process {pid} has a password of {} bytes; end it with: kill {pid}", secret.len());
    ready.notify()?;
    loop {
        thread::park(); // or whatever it needs the password for
    }
}

/// In the parent, which has the terminal. The other end of the pipe is closed here, so that reading comes to an end.
fn ask() -> io::Result<PipeReader> {
    let password = rpassword::prompt_password("Password: ")?;
    let (reader, mut writer) = io::pipe()?;
    writer.write_all(password.as_bytes())?; // a line of a terminal is shorter than what a pipe holds
    Ok(reader)
}
