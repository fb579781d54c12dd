//! With log files, two other files, a pid file, and `ready`.
//!
//! The argument is the folder for them.

use godaemon::Ready;
use std::ffi::OsString;
use std::fs::File;
use std::path::PathBuf;
use std::{env, io};

#[godaemon::main(
    values = [folder = folder()?],
    stdout = folder.join("stdout.log"),
    stderr = folder.join("stderr.log"),
    pid_file = folder.join("log_files.pid"),
    files = [first = File::create(folder.join("first"))?, second = File::create(folder.join("second"))?],
)]
fn main(first: File, second: File, ready: Ready) -> io::Result<()> {
    report::report()?;
    ready.notify()?;
    report::hold()?;
    drop((first, second));
    Ok(())
}

fn folder() -> Result<PathBuf, &'static str> {
    let folder: Option<OsString> = env::args_os().nth(1);
    folder.map(PathBuf::from).ok_or("usage: log_files FOLDER")
}
