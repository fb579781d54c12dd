//! A daemon that holds a lock, and listens at an address if there is one. Its parent took and opened both.
//!
//!     locked LOCK [ADDRESS]

use std::{
    env,
    error::Error,
    fs::{File, OpenOptions},
    io::{self, Write},
    net::TcpListener,
    process,
};

#[godaemon::main(
    files = [
        lock = lock()?,
        listener = env::args().nth(2).map(TcpListener::bind).transpose()?,
    ],
)]
fn main(lock: File, listener: Option<TcpListener>) -> Result<(), Box<dyn Error>> {
    let address = listener.as_ref().map_or(Ok(String::new()), address)?;
    support::obey_with("body", &[("address", &address)])?;
    if let Some(listener) = listener {
        let (mut caller, _) = listener.accept()?;
        writeln!(caller, "{}", process::id())?;
    }
    drop(lock);
    Ok(())
}

fn address(listener: &TcpListener) -> io::Result<String> {
    Ok(listener.local_addr()?.to_string())
}

/// The lock, with the number of this process in the file: from when that can be read on, nobody else may get it.
fn lock() -> Result<File, Box<dyn Error>> {
    let path = env::args_os().nth(1).ok_or("which file?")?;
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    file.try_lock()?;
    writeln!(file, "{}", process::id())?;
    Ok(file)
}
