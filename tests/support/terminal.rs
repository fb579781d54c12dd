//! A pseudo-terminal: what a terminal window or `sshd` holds the other end of.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    os::{fd::OwnedFd, unix::fs::OpenOptionsExt},
    path::{Path, PathBuf},
};

use nix::{
    errno::Errno,
    fcntl::OFlag,
    pty::{self, PtyMaster},
};

use crate::wait_until;

/// A terminal without anybody on it yet. Dropping it hangs up.
#[derive(Debug)]
pub struct Terminal {
    master: PtyMaster,
    path: PathBuf,
}

impl Default for Terminal {
    fn default() -> Self {
        Self::new()
    }
}

impl Terminal {
    pub fn new() -> Self {
        // Not `openpty`, which knows no close-on-exec: a child of a test beside this one would hold it open.
        let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK;
        let master = pty::posix_openpt(flags).unwrap();
        pty::grantpt(&master).unwrap();
        pty::unlockpt(&master).unwrap();
        let path = pty::ptsname_r(&master).unwrap().into();
        Self { master, path }
    }

    /// The path of the end that programs use.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// That end, opened, without becoming the terminal of this process.
    pub(crate) fn slave(&self) -> OwnedFd {
        let mut options = OpenOptions::new();
        let file: File =
            options.read(true).write(true).custom_flags(libc::O_NOCTTY).open(&self.path).unwrap();
        file.into()
    }

    /// Types something.
    pub fn write(&mut self, keys: &[u8]) {
        self.master.write_all(keys).unwrap();
    }

    /// Reads what appears until this does, and gives all of it back.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) -> String {
        let mut seen = Vec::new();
        wait_until(format_args!("`{text}` on the terminal"), || {
            let mut bytes = [0; 1024];
            match self.master.read(&mut bytes) {
                Ok(count) => seen.extend_from_slice(&bytes[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // How Linux says that nobody has the other end open, as before the program begins.
                Err(error) if error.raw_os_error() == Some(Errno::EIO as i32) => {}
                Err(error) => panic!("cannot read the terminal: {error}"),
            }
            Some(String::from_utf8_lossy(&seen).into_owned()).filter(|seen| seen.contains(text))
        })
    }
}
