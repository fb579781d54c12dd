//! With captured output, two files, a pid file, and `ready`.
//!
//! The argument is the folder for them.

use godaemon::{Reader, Ready};
use std::ffi::OsString;
use std::fs::File;
use std::path::PathBuf;
use std::{env, io};

#[godaemon::main(
    values = [folder = folder()?],
    capture_output,
    pid_file = folder.join("everything.pid"),
    files = [first = File::create(folder.join("first"))?, second = File::create(folder.join("second"))?],
)]
fn main(first: File, second: File, stdout: Reader, stderr: Reader, ready: Ready) -> io::Result<()> {
    report::report()?;
    stdout.forward(|_| ())?;
    stderr.forward(|_| ())?;
    ready.notify()?;
    report::hold()?;
    drop((first, second));
    Ok(())
}

fn folder() -> Result<PathBuf, &'static str> {
    let folder: Option<OsString> = env::args_os().nth(1);
    folder.map(PathBuf::from).ok_or("usage: everything FOLDER")
}
