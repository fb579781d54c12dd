//! Which of the three processes this one is, and the match that sends it on its way.
//!
//! Everything about the question is decided in [`recognise`], before `main`; everybody else asks for the answer.

pub(crate) mod parent;

pub(crate) mod child;

pub(crate) mod daemon;

use crate::channel::{self, HELLO_LENGTH};
use crate::error::{Error, ErrorKind};
use crate::marker::{self, Evidence, Marker, Verdict};
use crate::sys::memory::{self, Entry, Origin};
use crate::sys::process;
use crate::sys::socket::{self, Patience};
use crate::sys::{copy, fds, signals};
use std::fmt;
use std::io;
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Once, OnceLock};

/// One of the three processes of a start, in the order in which they come into being.
///
/// ```
/// # use godaemon_rt as godaemon;
/// use godaemon::Stage;
///
/// assert!(Stage::Parent < Stage::Child && Stage::Child < Stage::Daemon);
/// assert_eq!(Stage::Child.to_string(), "first child");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Stage {
    /// The process that the user started.
    Parent = 0,
    /// The leader of the new session, between the two others. It runs no code of the program.
    Child = 1,
    /// The daemon.
    Daemon = 2,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stage::Parent => "parent",
            Stage::Child => "first child",
            Stage::Daemon => "daemon",
        })
    }
}

/// The stage of this process: [`Stage::Daemon`] in the daemon, from its first statement on, and [`Stage::Parent`]
/// everywhere else, the foreground included.
///
/// ```
/// # use godaemon_rt as godaemon;
/// assert_eq!(godaemon::stage(), godaemon::Stage::Parent);
/// ```
#[must_use]
pub fn stage() -> Stage {
    enter();
    match position() {
        Position::Copy | Position::Settled => Stage::Daemon,
        Position::Unknown | Position::Parent | Position::Foreground => Stage::Parent,
    }
}

/// Where this process stands.
#[derive(Clone, Copy, PartialEq)]
#[repr(u8)]
enum Position {
    /// Not asked yet.
    Unknown,
    /// A process that nobody of ours started.
    Parent,
    /// The daemon, before it settles.
    Copy,
    /// The daemon, settling or settled.
    Settled,
    /// A parent that acts as the daemon.
    Foreground,
}

static POSITION: AtomicU8 = AtomicU8::new(Position::Unknown as u8);

/// Whether the program's file gave this process privileges, which it may have given up since.
static PRIVILEGED: AtomicBool = AtomicBool::new(false);

/// The daemon's marker, after it was taken out of the environment.
static MARKER: OnceLock<Marker> = OnceLock::new();

fn position() -> Position {
    let position = POSITION.load(Ordering::Acquire);
    [Position::Parent, Position::Copy, Position::Settled, Position::Foreground]
        .into_iter()
        .find(|&known| known as u8 == position)
        .unwrap_or(Position::Unknown)
}

/// Moves on, if the process stands where the caller believes; of several threads only one does.
fn advance(from: Position, to: Position) -> bool {
    POSITION.compare_exchange(from as u8, to as u8, Ordering::AcqRel, Ordering::Acquire).is_ok()
}

/// What comes first in a process, where nothing could run before `main`; and what has to be looked at before the
/// program changes it. Every public function whose answer depends on it calls it.
pub(crate) fn enter() {
    static ENTERED: Once = Once::new();
    ENTERED.call_once(|| {
        memory::recognise_late();
        crate::launch::remember_directory();
        if position() == Position::Parent {
            copy::remember_executable();
        }
    });
}

/// Who this process is for `daemonize` and `start`.
pub(crate) enum Role {
    /// It may start a daemon.
    Parent,
    /// It is one, and has to settle.
    Daemon(Marker),
}

/// Answers the first call in a daemon with [`Role::Daemon`], and refuses every other.
pub(crate) fn role() -> Result<Role, Error> {
    enter();
    match position() {
        Position::Unknown | Position::Parent => return Ok(Role::Parent),
        Position::Copy if advance(Position::Copy, Position::Settled) => {
            if let Some(marker) = MARKER.get() {
                return Ok(Role::Daemon(*marker));
            }
        }
        Position::Copy | Position::Settled | Position::Foreground => {}
    }
    Err(already_daemon())
}

/// Makes the parent act as the daemon, once.
pub(crate) fn stay_in_foreground() -> Result<(), Error> {
    if advance(Position::Parent, Position::Foreground) { Ok(()) } else { Err(already_daemon()) }
}

fn already_daemon() -> Error {
    Error::new(ErrorKind::AlreadyDaemon, "this process is a daemon already").at(stage())
}

/// Whether the program's file gave this process privileges when it started.
pub(crate) fn is_privileged() -> bool {
    PRIVILEGED.load(Ordering::Acquire)
}

/// Finds out which process this is. The first child never returns from here, and the daemon has taken the stage
/// out of the environment and marked its descriptors close-on-exec.
///
/// Runs before `main` where the system allows it: without allocation, and without anything of std that `main`
/// would have to set up first.
pub(crate) fn recognise(origin: &Origin) {
    if position() != Position::Unknown {
        return;
    }
    // Before anybody else asks for it: what the program wants to be done at its end is done before.
    process::at_exit(end);
    origin.keep_arguments();
    PRIVILEGED.store(process::is_privileged(), Ordering::Release);
    match find(origin) {
        None => drop(advance(Position::Unknown, Position::Parent)),
        Some((entry, marker)) if marker.stage == Stage::Daemon => {
            entry.remove();
            take_over(&marker);
            advance(Position::Unknown, Position::Copy);
        }
        Some((entry, marker)) => child::run(&marker, entry, origin.environment()),
    }
}

/// At the end of the process. Whoever waits for the pid file finds all that was printed in the log.
extern "C" fn end() {
    crate::capture::end();
    crate::pid_file::claim::give_up_all();
}

/// The entry of the environment that makes this process a copy, if there is one. Ends the process if that cannot be
/// told.
fn find(origin: &Origin) -> Option<(Entry<'_>, Marker)> {
    let entry = origin.find(marker::NAME)?;
    let marker = Marker::parse(entry.value())?;
    if is_privileged() {
        // Whoever calls a privileged program may have made everything that it is given.
        return None;
    }
    // A change of the security domain asks for the same distrust; the copies of such a process do not have it.
    let evidence = if memory::at_secure() { Evidence::Contradicting } else { evidence(&marker) };
    match marker::judge(&marker, evidence, || [process::parent(), process::session()]) {
        Verdict::Recognised => Some((entry, marker)),
        Verdict::NotAStage => None,
        Verdict::CannotTell => refuse(b"cannot tell the stage of the start: the channel cannot be verified"),
    }
}

/// Ends a process that can be none of the three, before `main`.
fn refuse(why: &[u8]) -> ! {
    let program = memory::argument_strings().next().map_or(&b""[..], crate::launch::last_component);
    fds::complain(&[program, b": ", why, b"\n"]);
    process::exit_now(71)
}

/// Asks the system about the channel that a marker names. The parent asks this about its own before it starts
/// anything.
pub(crate) fn evidence(marker: &Marker) -> Evidence {
    match socket::peer_user(marker.channel) {
        Ok(user) if user == process::effective_user() => {}
        Ok(_) => return Evidence::Contradicting,
        Err(error) => return doubt(&error),
    }
    let mut waiting = [0; HELLO_LENGTH];
    match socket::peek(marker.channel, &mut waiting) {
        Ok(HELLO_LENGTH) if waiting == channel::hello(marker.random) => Evidence::Matching,
        Ok(_) => Evidence::Contradicting,
        Err(error) => doubt(&error),
    }
}

/// Whether an error says something about the descriptor, or only that the system does not say.
fn doubt(error: &io::Error) -> Evidence {
    const ABOUT_THE_DESCRIPTOR: [i32; 9] = [
        libc::EBADF,
        libc::ENOTSOCK,
        libc::ENOTCONN,
        libc::EAGAIN,
        libc::EINVAL,
        libc::ECONNRESET,
        libc::ENOPROTOOPT,
        libc::EOPNOTSUPP,
        libc::EPROTONOSUPPORT,
    ];
    if error.raw_os_error().is_some_and(|errno| ABOUT_THE_DESCRIPTOR.contains(&errno)) {
        Evidence::Contradicting
    } else {
        Evidence::Missing
    }
}

/// The first things that the daemon does: nothing that it was handed may leak into a process that a constructor
/// starts, and the hello goes out of the channel, as the sign that the loader is done.
fn take_over(marker: &Marker) {
    if !fds::is_open(marker.line) {
        refuse(b"the stage of the start names a descriptor that is not there");
    }
    signals::unblock_faults();
    if fds::close_all_on_exec().is_err() {
        // Without any list of the descriptors the two that are known have to do.
        for fd in [marker.channel, marker.line] {
            let _ = fds::set_close_on_exec(fd, true);
        }
    }
    // It was just seen to wait there.
    let _ = socket::receive(marker.channel, &mut [0; HELLO_LENGTH], Patience::AtOnce);
    let _ = MARKER.set(*marker);
}

/// Sends a whole message, and waits for room.
pub(crate) fn send_all(channel: RawFd, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let count = socket::send(channel, bytes, Patience::Wait)?;
        bytes = bytes.get(count..).unwrap_or_default();
    }
    Ok(())
}
