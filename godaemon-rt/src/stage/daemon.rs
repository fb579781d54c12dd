//! The daemon: takes over what was handed on, settles down, says that it is up, and returns to the program.

pub(crate) mod link;

use crate::capture::Reader;
use crate::channel::{Malformed, Settings};
use crate::error::{Error, ErrorKind};
use crate::inherit::{self, HandedOn, Inherit};
use crate::log_files::LogFile;
use crate::marker::Marker;
use crate::parts::Parts;
use crate::ready::{Listener, Ready};
use crate::sys::process::{self, Pid};
use crate::sys::{fds, signals};
use std::env;
use std::ffi::CString;
use std::io;
use std::mem;
use std::os::fd::{AsFd, OwnedFd, RawFd};
use std::path::PathBuf;

/// The daemon, or a process in the foreground that acts as one: what it was handed.
///
/// What nobody takes is closed when it is dropped.
#[derive(Debug)]
#[must_use = "the files and readers of the daemon are closed when it is dropped"]
pub struct Daemon {
    files: Vec<HandedOn>,
    readers: [Option<Reader>; 2],
    ready: Option<Ready>,
}

impl Daemon {
    pub(crate) fn in_foreground(
        files: Vec<HandedOn>,
        readers: [Option<Reader>; 2],
        wait_for_ready: bool,
    ) -> Daemon {
        Daemon { files, readers, ready: wait_for_ready.then(|| Ready::new(Listener::Supervisor)) }
    }

    /// Takes a file that was handed on, by its name.
    ///
    /// # Errors
    ///
    /// - [`NotFound`](io::ErrorKind::NotFound): no file of this name was handed on, or it was taken before.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): it is another kind of file, or another number of files.
    ///   It can still be taken as what it is.
    ///
    /// ```no_run
    /// use std::net::TcpListener;
    ///
    /// # use godaemon_rt as godaemon;
    /// let mut daemon = godaemon::Options::new()
    ///     .file_with("listener", || TcpListener::bind("127.0.0.1:7000"))
    ///     .daemonize()?;
    /// let listener: TcpListener = daemon.take_file("listener")?;
    /// # drop(listener);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn take_file<T: Inherit>(&mut self, name: &str) -> io::Result<T> {
        inherit::take(&mut self.files, name)
    }

    /// Takes the reader of standard output; `Some` once, if output is captured.
    pub fn take_stdout(&mut self) -> Option<Reader> {
        self.readers[0].take()
    }

    /// Takes the reader of standard error; `Some` once, if output is captured.
    pub fn take_stderr(&mut self) -> Option<Reader> {
        self.readers[1].take()
    }

    /// Takes what says that the daemon is up; `Some` once, with [`wait_for_ready`](crate::Options::wait_for_ready).
    pub fn take_ready(&mut self) -> Option<Ready> {
        self.ready.take()
    }
}

/// A daemon that has taken over what it was handed, and has not settled yet.
#[derive(Debug)]
pub(crate) struct Newcomer {
    settings: Settings,
    files: Vec<HandedOn>,
    directory: Option<OwnedFd>,
    pid_file: Option<(OwnedFd, PathBuf)>,
    log_files: Vec<LogFile>,
}

impl Newcomer {
    /// Takes over what the marker and the parent's settings name. A failure reaches the parent, and ends this
    /// process.
    pub(crate) fn take_over(marker: &Marker) -> Newcomer {
        let own = process::own();
        link::establish(marker, own)
            .and_then(|()| Newcomer::receive(marker, own))
            .unwrap_or_else(|error| link::fail(&error))
    }

    fn receive(marker: &Marker, own: Pid) -> Result<Newcomer, Error> {
        let mut settings = link::receive_settings(marker.channel)
            .and_then(|settings| check_numbers(marker, &settings).map(|()| settings))
            .map_err(cannot_take_over)?;
        if process::session() == own {
            return Err(Error::new(
                ErrorKind::System,
                "the daemon leads a session, and could get a terminal",
            ));
        }
        let adopt = |numbers: Vec<RawFd>| numbers.into_iter().map(fds::adopt).collect();
        let files = mem::take(&mut settings.files).into_iter();
        let files = files.map(|(name, numbers)| HandedOn { name, fds: adopt(numbers) }).collect();
        let directory = settings.directory.map(fds::adopt);
        let pid_file = settings.pid_file.take().map(|(fd, path)| (fds::adopt(fd), path));
        let log_files = mem::take(&mut settings.log_files).into_iter();
        let log_files = log_files.map(|(fd, place)| LogFile::inherit(place, fd)).collect();
        Ok(Newcomer { settings, files, directory, pid_file, log_files })
    }

    /// Settles down in the order of the contract. A failure reaches the parent, and ends this process.
    pub(crate) fn settle(self, parts: &Parts) -> Daemon {
        self.try_settle(parts).unwrap_or_else(|error| link::fail(&error))
    }

    fn try_settle(self, parts: &Parts) -> Result<Daemon, Error> {
        let Newcomer { settings, files, directory, pid_file, log_files } = self;
        process::set_umask(settings.umask);
        enter(directory)?;
        (parts.put_log_files)(log_files, settings.creation)?;
        let readers = match settings.capture_output {
            true => (parts.capture)(&link::captured()?)?.map(Some),
            false => [None, None],
        };
        if let Some((file, path)) = pid_file {
            (parts.take_over_pid_file)(file, path)?.keep();
        }
        // As another user a thread other than the first might no longer set it.
        if let Ok(name) = CString::new(settings.name) {
            process::set_name(&name);
        }
        if let Some(identity) = settings.identity {
            (parts.assume)(&identity)?;
        }
        signals::unblock_all();
        let ready = settings.wait_for_ready.then(|| Ready::new(Listener::Parent));
        if ready.is_none() {
            link::up();
        }
        Ok(Daemon { files, readers, ready })
    }
}

/// What the parent says is not what it should be.
pub(crate) fn cannot_take_over(why: io::Error) -> Error {
    Error::system("cannot take over what the parent hands on", why)
}

/// Makes sure that every descriptor that the parent handed on is there, once, and closed on exec: then nobody else in
/// this process owns it.
fn check_numbers(marker: &Marker, settings: &Settings) -> io::Result<()> {
    settings.descriptors().try_for_each(|fd| fds::set_close_on_exec(fd, true))?;
    // What is open is no larger than the table.
    let mut seen = Vec::new();
    for fd in settings.descriptors().chain([marker.channel, marker.line]) {
        let place = usize::try_from(fd).map_err(|_| Malformed)?;
        if seen.len() <= place {
            seen.resize(place + 1, false);
        }
        if mem::replace(&mut seen[place], true) {
            return Err(Malformed.into());
        }
    }
    Ok(())
}

/// Enters the directory to work in.
fn enter(directory: Option<OwnedFd>) -> Result<(), Error> {
    let entered = match directory {
        Some(directory) => process::enter(directory.as_fd()),
        None => env::set_current_dir("/"),
    };
    entered.map_err(|why| Error::system("cannot enter the working directory", why))
}
