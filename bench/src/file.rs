//! Files without a name: gone as soon as nobody has them open, even if the benchmark is killed.

use crate::Result;
use std::env;
use std::fs::{self, File};
use std::os::fd::{AsFd, AsRawFd};
use std::path::{Path, PathBuf};
use std::process;

/// A regular file.
pub fn without_name() -> Result<File> {
    made_without_name(|path| Ok(File::options().read(true).write(true).create_new(true).open(path)?))
}

/// What is made, and opened, under a path that it loses then.
pub fn made_without_name(make: impl FnOnce(&Path) -> Result<File>) -> Result<File> {
    let path = env::temp_dir().join(format!("godaemon-bench-{}", process::id()));
    let file = make(&path);
    fs::remove_file(&path)?;
    file
}

/// Where other processes can open what this one has open, for as long as it has: on Linux.
pub fn path_for_others(file: impl AsFd) -> PathBuf {
    format!("/proc/{}/fd/{}", process::id(), file.as_fd().as_raw_fd()).into()
}
