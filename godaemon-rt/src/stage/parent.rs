//! The parent: prepares everything that can go wrong, starts the first child, and waits until it knows how the start
//! went.

mod verdict;
mod wait;

use self::wait::Wait;
use crate::capture::{self, Reader};
use crate::channel::{Sender, Settings, ToDaemon};
use crate::error::{Error, ErrorKind};
use crate::identity::Identity;
use crate::inherit::HandedOn;
use crate::launch;
use crate::log_files::{Creation, LogFile};
use crate::marker::{Evidence, Marker};
use crate::options::Options;
use crate::parts::Parts;
use crate::pid_file::claim::Claim;
use crate::ready;
use crate::stage::daemon::Daemon;
use crate::stage::{self, Stage};
use crate::sys::copy::{self, Leader, NotStarted, Spec};
use crate::sys::signals::{self, Mask};
use crate::sys::{fds, memory, process, socket};
use std::ffi::{CStr, CString, c_char};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::net::UnixStream;
use std::panic::{self, AssertUnwindSafe};
use std::time::Duration;

const NO_NULL_DEVICE: &str = "cannot open the null device /dev/null";

/// A start that is prepared: whatever the user can get wrong about the options has been found out, and only the files
/// are missing.
pub(crate) struct Plan {
    parts: Parts,
    foreground: bool,
    capture_output: bool,
    wait_for_ready: bool,
    umask: u32,
    directory: Option<OwnedFd>,
    /// The daemon's first argument, if it is not to be that of the parent.
    argument: Option<CString>,
    /// The name of the process that `ps` shows.
    name: Vec<u8>,
    identity: Option<Identity>,
    /// Given up if the start fails.
    pid_file: Option<Claim>,
    log_files: Vec<LogFile>,
    creation: Creation,
    files: Vec<HandedOn>,
    timeout: Option<Duration>,
    on_ready: Option<Box<dyn FnOnce(u32)>>,
}

/// This process's ends of the ways to the copies.
struct Ends {
    channel: UnixStream,
    /// Says nothing but that somebody is gone: the first child, which alone holds the other end, or this process.
    lifeline: UnixStream,
    /// What the daemon prints until it is up.
    relay: OwnedFd,
}

/// How a planned start went.
pub(crate) enum Outcome {
    /// The daemon is up. All signals are blocked until the mask is restored, so that nothing but the end of
    /// `on_ready` decides how this process ends.
    Up { pid: u32, mask: Mask },
    /// This process is the daemon, or acts as one in the foreground.
    Acting(Daemon),
}

/// Checks the options, opens what they name: the pid file last but for the log files, so that a start which is refused
/// for its options touches nothing, and one that finds another instance opens nothing.
pub(crate) fn prepare(options: &mut Options, parts: Parts) -> Result<Plan, Error> {
    let foreground = options.foreground || launch::supervised();
    if options.umask > 0o777 {
        return Err(Error::new(ErrorKind::OutOfRange, format!("umask: {:#o} is over 0o777", options.umask)));
    }
    let outputs = [options.stdout.take(), options.stderr.take()];
    if options.capture_output && outputs.iter().any(Option::is_some) {
        return Err(Error::new(
            ErrorKind::OutOfRange,
            "output is captured, so neither stdout nor stderr can go to a file",
        ));
    }
    let given = options.program_name.take().filter(|name| !name.is_empty());
    if let Some(name) = &given {
        launch::set_program_name(name);
    }
    let name = launch::process_name(given.as_deref());
    let argument = given.map(|name| CString::new(name.into_vec())).transpose();
    let argument = argument.map_err(|_| Error::zero_byte("program_name"))?;
    if !foreground {
        check_that_copies_can_be()?;
    }
    let directory = match options.working_dir.take().filter(|_| !foreground) {
        Some(path) => Some(fds::open_directory(&path).map_err(|why| {
            Error::system(format!("cannot enter the working directory {}", path.display()), why)
        })?),
        None => None,
    };
    let identity = (parts.look_up)(options.user.take(), options.group.take())?;
    let pid_file = options.pid_file.take().as_deref().map(parts.take_pid_file).transpose()?;
    let mut creation = Creation::with_umask(options.umask);
    if let Some(identity) = &identity {
        (creation.user, creation.group) = (identity.user, Some(identity.group));
    }
    let outputs = if foreground { [None, None] } else { outputs };
    let log_files = (parts.open_log_files)(outputs, creation)?;
    if let Some(claim) = &pid_file {
        log_files.iter().try_for_each(|log| log.check_is_not(claim.descriptor(), "the pid file"))?;
    }
    Ok(Plan {
        parts,
        foreground,
        capture_output: options.capture_output,
        wait_for_ready: options.wait_for_ready,
        umask: options.umask,
        directory,
        argument,
        name,
        identity,
        pid_file,
        log_files,
        creation,
        files: Vec::new(),
        timeout: options.start_timeout,
        on_ready: options.on_ready.take(),
    })
}

/// Refuses where a copy of this process would not be what it has to be.
fn check_that_copies_can_be() -> Result<(), Error> {
    if stage::is_privileged() {
        return Err(Error::new(
            ErrorKind::Privileged,
            "a program whose file gives it privileges does not become a daemon: \
             run it in the foreground, or start it by a service manager that has the privileges",
        ));
    }
    if process::ids_differ() {
        return Err(Error::new(
            ErrorKind::Privileged,
            "the real and the effective user or group differ, and the system would distrust a copy: \
             start the daemon before, or after both are the same",
        ));
    }
    if memory::was_run_by_loader() {
        return Err(Error::new(
            ErrorKind::System,
            "the program was run by its loader, as in `ld.so ./program`, and a copy would be one of the loader: \
             run it in the foreground",
        ));
    }
    Ok(())
}

impl Plan {
    /// Adds a file that the daemon is to have.
    pub(crate) fn hand_on(&mut self, name: &str, file: io::Result<HandedOn>) -> Result<(), Error> {
        let file = file.map_err(|why| Error::system(format!("cannot hand on the file `{name}`"), why))?;
        if self.files.iter().any(|other| other.name == file.name) {
            let error =
                Error::new(ErrorKind::OutOfRange, format!("{name}: there is another file of this name"));
            self.files.push(file);
            return Err(error);
        }
        self.files.push(file);
        Ok(())
    }

    /// Gives the files back to somebody whose start failed.
    pub(crate) fn give_back(self, error: Error) -> Error {
        error.with_files(self.files)
    }

    /// Starts the daemon, or stays in the foreground.
    pub(crate) fn carry_out(mut self) -> Result<Outcome, Error> {
        if self.foreground {
            return self.stay();
        }
        match self.start() {
            Ok((pid, mask)) => {
                // The start has happened, and a panic, which has printed its text, does not undo it: a `println!`
                // into a closed pipe is one.
                if let Some(on_ready) = self.on_ready {
                    let _ = panic::catch_unwind(AssertUnwindSafe(|| on_ready(pid)));
                }
                Ok(Outcome::Up { pid, mask })
            }
            Err(error) => Err(self.give_back(error)),
        }
    }

    fn stay(mut self) -> Result<Outcome, Error> {
        match self.readers_and_supervisor() {
            Ok(readers) => {
                if let Some(claim) = self.pid_file.take() {
                    claim.keep();
                }
                Ok(Outcome::Acting(Daemon::in_foreground(self.files, readers, self.wait_for_ready)))
            }
            Err(error) => Err(self.give_back(error)),
        }
    }

    fn readers_and_supervisor(&self) -> Result<[Option<Reader>; 2], Error> {
        let reader = || match self.capture_output {
            true => capture::nothing().map(Some).map_err(|why| Error::system(NO_NULL_DEVICE, why)),
            false => Ok(None),
        };
        let readers = [reader()?, reader()?];
        if let Some(identity) = &self.identity {
            (self.parts.assume)(identity)?;
        }
        stage::stay_in_foreground()?;
        if !self.wait_for_ready {
            // One that cannot be told will notice by itself, and the program is as well as it can be.
            let _ = ready::notify_supervisor();
        }
        Ok(readers)
    }

    fn start(&mut self) -> Result<(u32, Mask), Error> {
        if self.pid_file.as_ref().is_some_and(|claim| !claim.share()) {
            return Err(Error::new(ErrorKind::System, "another thread ends this process"));
        }
        let started = self.start_first_child().and_then(|(wait, mask)| {
            // From here on a signal may end this process, and with it the start.
            mask.restore();
            wait.until_up()
        });
        if started.is_err() {
            self.pid_file.iter().for_each(Claim::take_back);
        }
        started
    }

    /// Starts the first child; returns with all signals blocked.
    fn start_first_child(&self) -> Result<(Wait, Mask), Error> {
        let preparing = |what: &'static str| move |why| Error::system(what, why);
        let null = fds::null_device().map_err(preparing(NO_NULL_DEVICE))?;
        let (relay, output) =
            fds::pipe().map_err(preparing("cannot make a pipe for the output of the start"))?;
        let (lifeline, line) = pair().map_err(preparing("cannot make a line to the first child"))?;
        let (channel, far_end) = pair().map_err(preparing("cannot make the channel to the daemon"))?;

        let random = RandomState::new().hash_one(());
        let marker = Marker {
            stage: Stage::Child,
            maker: process::own(),
            channel: far_end.as_raw_fd(),
            line: line.as_raw_fd(),
            random,
        };
        let settings = self.settings();
        let mut keep = vec![marker.channel, marker.line];
        keep.extend(settings.descriptors());
        let messages = [ToDaemon::Hello { random }, ToDaemon::Settings(Box::new(settings))];
        let mut sender =
            Sender::new(&messages).map_err(preparing("cannot describe the files to the daemon"))?;
        sender.send(channel.as_raw_fd()).map_err(preparing("cannot write to the channel"))?;
        if stage::evidence(&marker) != Evidence::Matching {
            // A copy would not recognise its stage either, and start others.
            return Err(Error::new(
                ErrorKind::System,
                "the system does not say who is at the other end of the channel, which the daemon has to know",
            ));
        }

        let entry = CString::new(marker.entry()).unwrap_or_default();
        let argv = self.arguments();
        let envp = environment(&entry);
        let directory = launch::directory_to_go_back_to();
        let leader =
            Leader { null: null.as_raw_fd(), output: output.as_raw_fd(), directory: directory.as_deref() };
        let copy = Spec { argv: argv.as_ptr(), envp: envp.as_ptr(), leader: Some(leader), keep: &keep };
        // Not on this thread's own stack, which may be small.
        let mut stack = vec![MaybeUninit::uninit(); copy::STACK];

        let mask = signals::block_all();
        match copy::start(&copy, &mut stack) {
            Ok(child) => {
                let ends = Ends { channel, lifeline, relay };
                Ok((Wait::new(child, ends, sender, self.timeout), mask))
            }
            Err(NotStarted { step, error }) => {
                mask.restore();
                Err(Error::system(step.to_string(), error))
            }
        }
    }

    fn settings(&self) -> Settings {
        Settings {
            files: self.files.iter().map(|file| (file.name.clone(), file.numbers())).collect(),
            capture_output: self.capture_output,
            wait_for_ready: self.wait_for_ready,
            umask: self.umask,
            directory: self.directory.as_ref().map(AsRawFd::as_raw_fd),
            name: self.name.clone(),
            pid_file: self.pid_file.as_ref().map(|claim| (claim.descriptor(), claim.path().to_owned())),
            log_files: self.log_files.iter().map(|log| (log.descriptor(), log.place.clone())).collect(),
            creation: self.creation,
            identity: self.identity.clone(),
        }
    }

    fn arguments(&self) -> Vec<*const c_char> {
        let mut arguments: Vec<_> = memory::argument_strings().map(CStr::as_ptr).collect();
        if let Some(argument) = &self.argument {
            match arguments.first_mut() {
                Some(first) => *first = argument.as_ptr(),
                None => arguments.push(argument.as_ptr()),
            }
        }
        arguments.push(std::ptr::null());
        arguments
    }
}

/// The environment with one more entry, put first.
fn environment(entry: &CString) -> Vec<*const c_char> {
    let mut entries = memory::environment_entries();
    entries.insert(0, entry.as_ptr());
    entries.push(std::ptr::null());
    entries
}

/// Two connected sockets, neither of them a standard stream, that raise no SIGPIPE.
fn pair() -> io::Result<(UnixStream, UnixStream)> {
    let (near, far) = UnixStream::pair()?;
    let above = |end: UnixStream| -> io::Result<UnixStream> {
        let end = fds::above_standard(end.into())?;
        socket::quiet(end.as_raw_fd())?;
        Ok(end.into())
    };
    Ok((above(near)?, above(far)?))
}
