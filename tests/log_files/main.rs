//! Log files: what a daemon prints goes where its options say, into nothing that somebody else has put there, and into
//! a new file after a rotation.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod accepted;
mod created;
mod failed;
mod foreground;
mod library;
mod paths;
mod printed;
mod refused;
mod reopened;
mod rotated;

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use support::{Case, Launch, Process, program};

/// The program with log files that does these things, one after the other.
fn printer<'case>(case: &'case Case, args: &[&str]) -> Launch<'case> {
    args.iter().fold(case.program(program!("printer")), Launch::arg)
}

/// Both streams into one file, relative to the case's folder.
const ONE_FILE: [&str; 2] = ["--stdout=log", "--stderr=log"];

const TWO_FILES: [&str; 2] = ["--stdout=out", "--stderr=err"];

/// These options, and these actions.
fn with<'a>(options: &[&'a str], actions: &[&'a str]) -> Vec<&'a str> {
    [options, actions].concat()
}

/// What is in a file of the case's folder.
#[track_caller]
fn read(case: &Case, name: &str) -> String {
    let path = case.folder().join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn exists(case: &Case, name: &str) -> bool {
    fs::symlink_metadata(case.folder().join(name)).is_ok()
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}

/// A new folder with this mode, whatever the umask is.
fn folder(case: &Case, name: &str, mode: u32) -> PathBuf {
    let path = case.folder().join(name);
    fs::create_dir(&path).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    path
}

/// A folder that somebody cannot get into, or write to. In the end he can, or it could not be removed.
struct Closed(PathBuf);

impl Closed {
    fn new(case: &Case, name: &str, mode: u32) -> Self {
        Self(folder(case, name, mode))
    }

    fn set_mode(&self, mode: u32) {
        fs::set_permissions(&self.0, Permissions::from_mode(mode)).unwrap();
    }
}

impl Drop for Closed {
    fn drop(&mut self) {
        self.set_mode(0o755);
    }
}

/// Whether stdout and stderr are one open file, and not the same file twice: then a write by one of them moves both.
#[track_caller]
fn is_one_open_file(process: Process, write: impl FnOnce()) -> bool {
    let positions = || {
        [1, 2].map(|number| {
            let info = fs::read_to_string(format!("/proc/{}/fdinfo/{number}", process.0)).unwrap();
            let position = info.lines().find_map(|line| line.strip_prefix("pos:")).unwrap();
            position.trim().parse::<u64>().unwrap()
        })
    };
    let before = positions();
    write();
    let after = positions();
    assert!(after[0] > before[0], "nothing was written to stdout");
    after[0] == after[1]
}
