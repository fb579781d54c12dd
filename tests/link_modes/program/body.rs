//! What both daemons do: they hold the lock of the file `lock`, and their captured output goes into the file `log`.

use std::{
    error::Error,
    fs::{File, OpenOptions},
    io::{self, Write},
    process,
};

use godaemon::{Reader, Ready};
use godaemon_link_modes as support;

/// The constructor of both: it writes the number of its process as a line into the file `constructed`.
pub(crate) extern "C" fn construct() {
    if write_number("constructed").is_err() {
        process::abort();
    }
}

/// The lock, with the number of this process in the file: from when that can be read on, nobody else may get it.
pub(crate) fn lock() -> Result<File, Box<dyn Error>> {
    let file = OpenOptions::new().append(true).create(true).open("lock")?;
    file.try_lock()?;
    write_number("lock")?;
    Ok(file)
}

pub(crate) fn log() -> io::Result<File> {
    File::create("log")
}

pub(crate) fn run(lock: File, mut log: File, stdout: Reader, ready: Ready) -> Result<(), Box<dyn Error>> {
    stdout.forward(move |line| {
        // The test misses what cannot be written.
        let _ = log.write_all(&[line, b"\n"].concat());
    })?;
    support::obey("body")?;
    ready.notify()?;
    support::obey("up")?;
    print!("last words");
    drop(lock);
    Ok(())
}

fn write_number(path: &str) -> io::Result<()> {
    writeln!(OpenOptions::new().append(true).create(true).open(path)?, "{}", process::id())
}
