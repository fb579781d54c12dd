//! A daemon whose handler of SIGUSR1 is there before it settles, and notes what it finds: the working directory and the
//! umask.
#![allow(unsafe_code, reason = "a handler of a signal, and what only C offers to it")]

use std::{
    error::Error,
    ffi::{c_char, c_int},
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
};

use godaemon::{Options, Stage};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

static IN_ROOT: AtomicBool = AtomicBool::new(false);

/// More than any umask, until the handler has run.
static UMASK: AtomicU32 = AtomicU32::new(u32::MAX);

extern "C" fn look(_: c_int) {
    let mut path: [c_char; 4096] = [0; 4096];
    // SAFETY: the buffer is writable and as long as said.
    unsafe { libc::getcwd(path.as_mut_ptr(), path.len()) };
    // The path begins with a slash.
    IN_ROOT.store(path[0] != 0 && path[1] == 0, Ordering::Relaxed);
    // SAFETY: cannot fail.
    let umask = unsafe { libc::umask(0) };
    // SAFETY: cannot fail.
    unsafe { libc::umask(umask) };
    UMASK.store(umask, Ordering::Relaxed);
}

fn main() -> Result<(), Box<dyn Error>> {
    if godaemon::stage() == Stage::Daemon {
        let action = SigAction::new(SigHandler::Handler(look), SaFlags::empty(), SigSet::empty());
        // SAFETY: the handler calls nothing but `getcwd`, which is a system call here, and `umask`.
        unsafe { sigaction(Signal::SIGUSR1, &action) }?;
        support::obey("early")?;
    }
    let _daemon = Options::new().daemonize()?;
    let (in_root, umask) = (IN_ROOT.load(Ordering::Relaxed), UMASK.load(Ordering::Relaxed));
    Ok(support::obey_with("body", &[("seen", &format!("{in_root}, {umask:#o}"))])?)
}
