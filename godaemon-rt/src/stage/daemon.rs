//! The daemon: takes over what was handed on, settles down, says that it is up, and returns to the program.

use crate::capture::{self, Reader};
use crate::channel::{Decoder, Message, Reason, Settings, ToDaemon, ToParent};
use crate::error::{Error, ErrorKind};
use crate::inherit::{self, HandedOn, Inherit};
use crate::marker::Marker;
use crate::ready::{Listener, Ready};
use crate::stage::send_all;
use crate::stdio::{Null, Stream};
use crate::sys::socket::{self, Patience};
use crate::sys::{fds, process, signals};
use std::ffi::CString;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::panic::{self, PanicHookInfo};
use std::sync::{Mutex, MutexGuard, PoisonError};

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
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): it is another kind of file, or another number of files. It can
    ///   still be taken as what it is.
    ///
    /// ```no_run
    /// use std::net::TcpListener;
    ///
    /// let mut daemon = godaemon_rt::Options::new()
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

/// The daemon's ways to its parent and to the first child, until it is up.
struct Link {
    channel: OwnedFd,
    line: OwnedFd,
    /// What takes the place of the terminal, to which 1 and 2 lead through the parent; `None` where they lead elsewhere.
    relay: Option<Null>,
}

static LINK: Mutex<Option<Link>> = Mutex::new(None);

/// The link, whatever happened to a thread that held it: it is replaced as a whole.
fn link() -> MutexGuard<'static, Option<Link>> {
    LINK.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sets whether 1 and 2 lead to the terminal, and returns what it was.
fn set_relay(relay: Option<Null>) -> Option<Null> {
    link().as_mut().and_then(|link| std::mem::replace(&mut link.relay, relay))
}

/// A daemon that has taken over what it was handed, and has not settled yet.
#[derive(Debug)]
pub(crate) struct Newcomer {
    settings: Settings,
    files: Vec<HandedOn>,
    directory: Option<OwnedFd>,
}

impl Newcomer {
    /// Takes over what the marker and the parent's settings name.
    pub(crate) fn take_over(marker: &Marker) -> Newcomer {
        // The kernel vouched that the numbers come from the parent, and only one thread gets here, once.
        let (channel, line) = (fds::adopt(marker.channel), fds::adopt(marker.line));
        let settings = receive_settings(channel.as_raw_fd());
        *link() = Some(Link { channel, line, relay: None });
        report_panics();
        let settings =
            settings.unwrap_or_else(|why| fail(&Error::system("cannot receive the settings", why)));
        match Null::keep() {
            Ok(null) => drop(set_relay(Some(null))),
            Err(why) => fail(&Error::system("cannot keep the null device", why)),
        }
        if process::session() == process::own() {
            fail(&Error::new(ErrorKind::System, "the daemon leads a session, and could get a terminal"));
        }
        let files = settings
            .files
            .iter()
            .map(|(name, numbers)| HandedOn {
                name: name.clone(),
                fds: numbers.iter().copied().map(fds::adopt).collect(),
            })
            .collect();
        let directory = settings.directory.map(fds::adopt);
        Newcomer { settings, files, directory }
    }

    /// Settles down in the order of the contract. A failure reaches the parent, and ends this process.
    pub(crate) fn settle(self) -> Daemon {
        self.try_settle().unwrap_or_else(|error| fail(&error))
    }

    fn try_settle(self) -> Result<Daemon, Error> {
        let Newcomer { settings, files, directory } = self;
        #[allow(
            clippy::cast_possible_truncation,
            reason = "nine bits, as the parent saw, fit into every `mode_t`"
        )]
        nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(settings.umask as libc::mode_t));
        enter(directory)?;
        let readers = if settings.capture_output { capture_both()? } else { [None, None] };
        if let Ok(name) = CString::new(settings.name) {
            process::set_name(&name);
        }
        signals::unblock_all();
        let ready = settings.wait_for_ready.then(|| Ready::new(Listener::Parent));
        if ready.is_none() {
            up();
        }
        Ok(Daemon { files, readers, ready })
    }
}

/// Enters the directory to work in.
fn enter(directory: Option<OwnedFd>) -> Result<(), Error> {
    let entered = match directory {
        Some(directory) => nix::unistd::fchdir(directory),
        None => nix::unistd::chdir("/"),
    };
    entered.map_err(|why| Error::system("cannot enter the working directory", why.into()))
}

fn capture_both() -> Result<[Option<Reader>; 2], Error> {
    let Some(null) = set_relay(None) else { return Ok([None, None]) };
    let capture = |stream| {
        capture::capture(stream, &null)
            .map(Some)
            .map_err(|why| Error::system("cannot capture the output", why))
    };
    Ok([capture(Stream::Output)?, capture(Stream::Error)?])
}

fn receive_settings(channel: RawFd) -> io::Result<Settings> {
    match receive(channel)? {
        ToDaemon::Settings(settings) => Ok(settings),
        ToDaemon::Hello { .. } | ToDaemon::Confirm => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// Waits for the next message of the parent.
fn receive(channel: RawFd) -> io::Result<ToDaemon> {
    let mut decoder = Decoder::default();
    let mut buffer = [0; 4096];
    loop {
        if let Some(message) = decoder.next()? {
            return Ok(message);
        }
        // No more than belongs to this message: the next one is for a later call.
        let room = buffer.len().min(decoder.missing().max(1));
        match socket::receive(channel, buffer.get_mut(..room).unwrap_or_default(), Patience::Wait)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => decoder.push(buffer.get(..count).unwrap_or_default()),
        }
    }
}

/// Tells the parent something, if it still waits to hear how the start goes.
pub(crate) fn tell(message: &ToParent) {
    if let Some(link) = &*link() {
        // A parent that is gone needs no report.
        let _ = send_all(link.channel.as_raw_fd(), &message.encode());
    }
}

/// Tells the parent why the start failed, and ends the process.
pub(crate) fn fail(error: &Error) -> ! {
    tell(&ToParent::Failed(error.reason()));
    std::process::exit(error.exit_code().into())
}

/// Tells the parent why `main` returned, if the daemon was not up yet, and keeps std from printing it once more.
pub(crate) fn main_failed(texts: Vec<String>) {
    let relay = match &*link() {
        Some(link) => link.relay.clone(),
        None => return,
    };
    // Which status it ended with is for the kernel to say.
    tell(&ToParent::Failed(Reason { kind: ErrorKind::Ended(0), texts }));
    if let Some(null) = relay {
        // If it cannot be done the text appears twice.
        let _ = null.over(Stream::Error);
    }
}

/// Says that the daemon is up, and returns when the parent has confirmed. The parent is told first, then the first
/// child: the other way round a daemon that is killed in between would look up.
///
/// If the parent no longer waits the start did not happen, and the process ends.
pub(crate) fn up() {
    let Some(held) = link().take() else { return };
    if let Some(null) = &held.relay {
        for stream in Stream::BOTH {
            if let Err(why) = null.over(stream) {
                let error = Error::system("cannot let go of the terminal", why);
                *link() = Some(held);
                fail(&error);
            }
        }
    }
    let channel = held.channel.as_raw_fd();
    let told = send_all(channel, &ToParent::Up { pid: std::process::id() }.encode());
    // The first child only stays until here; that it is gone is no failure.
    let _ = send_all(held.line.as_raw_fd(), &[1]);
    match told.and_then(|()| receive(channel)) {
        Ok(ToDaemon::Confirm) => {}
        _ => std::process::exit(75),
    }
}

/// Makes a panic reach the parent until the daemon is up: over the channel, and not through the terminal as well.
fn report_panics() {
    let previous = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if !tell_panic(info) {
            previous(info);
        }
    }));
}

/// Tells the parent about a panic; whether that is all there is to do.
fn tell_panic(info: &PanicHookInfo<'_>) -> bool {
    // A lock that is taken is in the hands of a thread that tells something else, or of this one.
    let Ok(link) = LINK.try_lock() else { return false };
    let Some(link) = &*link else { return false };
    // Somebody who asks for a backtrace gets it at the terminal, and then not the text a second time.
    let backtrace = std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0");
    let alone = link.relay.is_some() && !backtrace;
    let text = if alone || link.relay.is_none() { panic_text(info) } else { "panicked".to_owned() };
    send_all(link.channel.as_raw_fd(), &ToParent::Panicked { text }.encode()).is_ok() && alone
}

fn panic_text(info: &PanicHookInfo<'_>) -> String {
    let place = info.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    let payload = info.payload();
    let message = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    match message {
        Some(message) => format!("panicked at {place}: {message}"),
        None => format!("panicked at {place}"),
    }
}
