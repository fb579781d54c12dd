//! `Ready`: the program itself says when the daemon is up.

use crate::channel::{Reason, ToParent};
use crate::error::ErrorKind;
use crate::launch;
use crate::stage::daemon::link;
use crate::stdio;
use std::ffi::OsStr;
use std::fmt::Display;
use std::io;
use std::os::unix::net::UnixDatagram;

/// Says that the daemon is up, or that it never will be. Until then the parent waits, and what the daemon prints
/// appears at the terminal.
///
/// Under a supervisor with `NOTIFY_SOCKET`, in the foreground, it says the same to the supervisor.
///
/// Dropped unused it only says so. If `main` ends within two seconds, its own end is what the parent reports: an
/// error by `?` before `notify` is the commonest failure, and Rust drops `Ready` first. Otherwise the start has
/// failed, and the daemon is ended. In the foreground nobody is told: a supervisor waits as long as it is set to.
///
/// ```no_run
/// # fn prepare_everything() -> Result<(), String> { Ok(()) }
/// # use godaemon_rt as godaemon;
/// let mut daemon = godaemon::Options::new().wait_for_ready().daemonize()?;
/// let ready = daemon.take_ready().expect("asked for");
/// match prepare_everything() {
///     Ok(()) => ready.notify()?,
///     Err(why) => ready.fail(why),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "without `notify` the start fails"]
pub struct Ready {
    /// `None` once it was used.
    listener: Option<Listener>,
}

/// Who wants to know.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Listener {
    Parent,
    /// The supervisor of a process in the foreground, if it has one.
    Supervisor,
}

impl Ready {
    pub(crate) fn new(listener: Listener) -> Ready {
        Ready { listener: Some(listener) }
    }

    /// Says that the daemon is up, and returns when the parent has confirmed: from this moment the start has
    /// happened, the terminal is let go, and output that is not captured goes to the null device. What `print!` holds
    /// back because its line has no end is lost with it: flush it before.
    ///
    /// If the parent no longer waits (it was interrupted, or killed), the start did not happen: this function does
    /// not return, and the process ends as by `exit(75)`.
    ///
    /// # Errors
    ///
    /// Only in the foreground, and only if `NOTIFY_SOCKET` is set and cannot be written to.
    pub fn notify(mut self) -> io::Result<()> {
        match self.listener.take() {
            Some(Listener::Parent) => {
                link::up();
                Ok(())
            }
            Some(Listener::Supervisor) => notify_supervisor(),
            None => Ok(()),
        }
    }

    /// Says why the daemon will never be up, and ends the process with status 1. The parent prints the reason, and
    /// exits with 1 as well.
    pub fn fail(mut self, why: impl Display) -> ! {
        let why = Some(why.to_string()).filter(|why| !why.is_empty()).unwrap_or_else(|| "failed".to_owned());
        match self.listener.take() {
            Some(Listener::Parent) => {
                link::tell(&ToParent::Failed(Reason { kind: ErrorKind::Failed, texts: vec![why] }));
            }
            Some(Listener::Supervisor) | None => {
                stdio::complain(format!("{}: {why}\n", launch::program_name()).as_bytes());
            }
        }
        std::process::exit(1)
    }
}

impl Drop for Ready {
    fn drop(&mut self) {
        if self.listener == Some(Listener::Parent) {
            if std::thread::panicking() {
                link::unwinding();
            }
            link::tell(&ToParent::ReadyDropped);
        }
    }
}

/// Says `READY=1` to the supervisor as `sd_notify(3)` does; where none is listening there is nothing to say.
pub(crate) fn notify_supervisor() -> io::Result<()> {
    match std::env::var_os("NOTIFY_SOCKET").filter(|path| !path.is_empty()) {
        Some(path) => send_ready(&path).map_err(|why| {
            let what = format!("cannot notify the supervisor at {}: {why}", path.display());
            io::Error::new(why.kind(), what)
        }),
        None => Ok(()),
    }
}

fn send_ready(path: &OsStr) -> io::Result<()> {
    let socket = UnixDatagram::unbound()?;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        use std::os::unix::ffi::OsStrExt;
        if let Some(name) = path.as_bytes().strip_prefix(b"@") {
            #[cfg(target_os = "android")]
            use std::os::android::net::SocketAddrExt;
            #[cfg(target_os = "linux")]
            use std::os::linux::net::SocketAddrExt;
            let address = std::os::unix::net::SocketAddr::from_abstract_name(name)?;
            return socket.send_to_addr(b"READY=1", &address).map(drop);
        }
    }
    socket.send_to(b"READY=1", path).map(drop)
}
