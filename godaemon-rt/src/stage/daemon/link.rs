//! The daemon's ways to its parent and to the first child, until it is up: what it tells them, and what leads to the
//! terminal.

use super::cannot_take_over;
use crate::channel::{Decoder, Malformed, Message, Reason, Settings, ToDaemon, ToParent};
use crate::error::{Error, ErrorKind};
use crate::marker::Marker;
use crate::stage::send_all;
use crate::stdio::{Lead, Null, Stream};
use crate::sys::fds;
use crate::sys::process::{self, Pid};
use crate::sys::socket::{self, Patience};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::panic::{self, PanicHookInfo};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What the daemon tells, and to whom, until it is up.
struct Link {
    /// A child that the program forks has the link as well, and may not speak for the daemon.
    owner: Pid,
    channel: OwnedFd,
    line: OwnedFd,
    /// What leads to the terminal through the parent; `None` once 1 and 2 are captured.
    relay: Option<Lead>,
}

static LINK: Mutex<Option<Link>> = Mutex::new(None);

/// The link, whatever happened to a thread that held it: it is replaced as a whole.
fn link() -> MutexGuard<'static, Option<Link>> {
    LINK.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Link {
    fn is_own(&self) -> bool {
        self.owner == process::own()
    }

    fn send(&self, message: &ToParent) -> io::Result<()> {
        send_all(self.channel.as_raw_fd(), &message.encode())
    }
}

/// Does something of which the terminal is to see nothing. What other threads print to standard error meanwhile is
/// lost.
fn without_terminal(relay: &Lead, act: impl FnOnce()) {
    let kept = fds::duplicate(Stream::Error.number());
    if kept.is_ok() {
        // If it cannot be done, or undone, the terminal sees it.
        let _ = relay.let_go(Stream::Error);
    }
    act();
    // Under the lock: once the daemon is up, which another thread may have said meanwhile, nothing leads there again.
    let link = link();
    if let (Ok(kept), Some(_)) = (kept, link.as_ref()) {
        let _ = fds::duplicate_over(kept.as_raw_fd(), Stream::Error.number());
    }
}

/// Establishes the link that the marker names.
pub(super) fn establish(marker: &Marker, own: Pid) -> Result<(), Error> {
    // The kernel vouched for the maker of the numbers, and only one thread gets here, once.
    let (channel, line) = (fds::adopt(marker.channel), fds::adopt(marker.line));
    *link() = Some(Link { owner: own, channel, line, relay: None });
    report_panics();
    // What is on standard error of a daemon that begins.
    let relay = Null::keep().and_then(|null| Lead::through(Stream::Error.number(), null));
    let relay = relay.map_err(|why| Error::system("cannot keep the null device", why))?;
    if let Some(link) = &mut *link() {
        link.relay = Some(relay);
    }
    Ok(())
}

/// Notes that 1 and 2 no longer lead to the terminal, and returns the null device, for when their readers are gone.
pub(super) fn captured() -> Result<Null, Error> {
    let relay = link().as_mut().and_then(|link| link.relay.take());
    let null = relay.map(|relay| relay.null().clone());
    // The link is there, and the daemon settles once.
    null.ok_or_else(|| cannot_take_over(io::ErrorKind::NotConnected.into()))
}

pub(super) fn receive_settings(channel: RawFd) -> io::Result<Settings> {
    match receive(channel)? {
        ToDaemon::Settings(settings) => Ok(*settings),
        ToDaemon::Hello { .. } | ToDaemon::Confirm => Err(Malformed.into()),
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
    if let Some(link) = link().as_ref().filter(|link| link.is_own()) {
        // A parent that is gone needs no report.
        let _ = link.send(message);
    }
}

/// Tells the parent why the start failed, and ends the process.
pub(crate) fn fail(error: &Error) -> ! {
    tell(&ToParent::Failed(error.reason()));
    std::process::exit(error.exit_code().into())
}

/// Tells the parent why `main` returned, if the daemon was not up yet, and keeps std from printing it once more.
pub(crate) fn main_failed(mut texts: Vec<String>) {
    texts.retain(|text| !text.is_empty());
    if texts.is_empty() {
        return;
    }
    let relay = match link().as_ref().filter(|link| link.is_own()) {
        Some(link) => link.relay.clone(),
        None => return,
    };
    // Which status it ends with is for the kernel to say.
    tell(&ToParent::Failed(Reason { kind: ErrorKind::Ended(0), texts }));
    if let Some(relay) = relay {
        // If it cannot be done the text appears twice.
        let _ = relay.let_go(Stream::Error);
    }
}

/// Says that the daemon is up, and returns when the parent has confirmed. The parent is told first, then the first
/// child: the other way round a daemon that is killed in between would look up.
///
/// If the parent no longer waits the start did not happen, and the process ends.
pub(crate) fn up() {
    let Some(own) = link().take_if(|link| link.is_own()) else { return };
    if let Some(Err(why)) =
        own.relay.as_ref().map(|relay| Stream::BOTH.into_iter().try_for_each(|s| relay.let_go(s)))
    {
        *link() = Some(own);
        fail(&Error::system("cannot let go of the terminal", why));
    }
    let confirmed = match own.send(&ToParent::Up { pid: own.owner.unsigned_abs() }) {
        Ok(()) => {
            // The first child only stays until here; that it is gone is no failure.
            let _ = send_all(own.line.as_raw_fd(), &[1]);
            matches!(receive(own.channel.as_raw_fd()), Ok(ToDaemon::Confirm))
        }
        Err(why) if is_hang_up(&why) => false,
        Err(why) => {
            *link() = Some(own);
            fail(&Error::system("cannot say that it is up", why));
        }
    };
    if !confirmed {
        // The first child, which would have ended them, may be gone.
        process::end_helpers();
        std::process::exit(75)
    }
}

/// Whether an error says that nobody is at the other end.
fn is_hang_up(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset)
}

/// Whether a panic was told; see [`unwinding`].
static TOLD: AtomicBool = AtomicBool::new(false);

/// Makes the panics until the daemon is up reach the parent over the channel.
fn report_panics() {
    let previous = panic::take_hook();
    panic::set_hook(Box::new(move |info| match tell_panic(info) {
        Some(relay) => without_terminal(&relay, || previous(info)),
        None => previous(info),
    }));
}

/// Tells the parent about a panic. Returns what leads to the terminal if what the program's own hook prints would be
/// the same once more; it may do other things, so it has to run.
fn tell_panic(info: &PanicHookInfo<'_>) -> Option<Lead> {
    // A lock that is taken is in the hands of a thread that tells something else, or of this one.
    let link = LINK.try_lock().ok()?;
    let link = link.as_ref().filter(|link| link.is_own())?;
    let relay = link.relay.as_ref().filter(|relay| relay.is_on(Stream::Error));
    // Somebody who asks for a backtrace gets it at the terminal, and with it the text.
    let printed = relay.is_some() && wants_backtrace();
    let text = if printed { String::new() } else { panic_text(info) };
    let told = link.send(&ToParent::Panicked { text }).is_ok();
    TOLD.store(told, Ordering::Relaxed);
    relay.filter(|_| told && !printed).cloned()
}

fn wants_backtrace() -> bool {
    std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0")
}

fn panic_text(info: &PanicHookInfo<'_>) -> String {
    let place = info.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    let payload = info.payload();
    let text = payload.downcast_ref::<&str>().copied();
    match text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)) {
        Some(message) => format!("panicked at {place}: {message}"),
        None => format!("panicked at {place}"),
    }
}

/// Tells the parent that `main` unwinds, if that was not told: the program has set a hook of its own.
pub(crate) fn unwinding() {
    if !TOLD.load(Ordering::Relaxed) {
        tell(&ToParent::Panicked { text: String::new() });
    }
}
