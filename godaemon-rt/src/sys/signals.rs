//! The signal mask, ignored signals, and waiting for descriptors and children at once.

use super::check;
use std::io;
use std::os::fd::RawFd;
use std::time::Duration;

/// A signal mask of the calling thread, to be restored.
pub(crate) struct Mask(libc::sigset_t);

/// Blocks every signal for the calling thread.
pub(crate) fn block_all() -> Mask {
    set_mask(&full())
}

impl Mask {
    /// Sets the mask of the calling thread to what it was.
    pub(crate) fn restore(self) {
        set_mask(&self.0);
    }
}

/// Lets every signal through to the calling thread.
pub(crate) fn unblock_all() {
    set_mask(&empty());
}

/// Lets those signals through that a thread raises by what it does, such as overflowing its stack. Threads inherit
/// it.
pub(crate) fn unblock_faults() {
    let mut faults = empty();
    for signal in
        [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE, libc::SIGTRAP, libc::SIGABRT, libc::SIGSYS]
    {
        // SAFETY: the set is writable.
        unsafe { libc::sigaddset(&raw mut faults, signal) };
    }
    // SAFETY: the set is initialised; the old mask is not asked for.
    unsafe { libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const faults, std::ptr::null_mut()) };
}

// Called from many places, and a set is large.
#[inline(never)]
fn set_mask(set: &libc::sigset_t) -> Mask {
    let mut old = empty();
    // SAFETY: both sets are initialised. The call fails only for an unknown first argument.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, set, &raw mut old) };
    Mask(old)
}

#[inline(never)]
fn empty() -> libc::sigset_t {
    // SAFETY: a set of signals is an array of bits; zero is a value of it.
    let mut set = unsafe { std::mem::zeroed() };
    // SAFETY: `set` is writable.
    unsafe { libc::sigemptyset(&raw mut set) };
    set
}

#[inline(never)]
fn full() -> libc::sigset_t {
    let mut set = empty();
    // SAFETY: `set` is writable.
    unsafe { libc::sigfillset(&raw mut set) };
    set
}

/// Gives every ignored signal its default disposition, as `exec` does with those that have a handler. Allocates
/// nothing; to be called in a copy, which has dispositions of its own.
pub(crate) fn reset_ignored() {
    // The default disposition runs no code. Two of the signals cannot be changed, and need not be.
    for signal in 1..=last() {
        reset(signal);
    }
}

/// The highest signal number.
fn last() -> libc::c_int {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    return libc::SIGRTMAX();
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    31
}

/// Around libc, which keeps two real-time signals for itself and changes nothing about them.
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "x86", target_arch = "aarch64")))]
fn reset(signal: libc::c_int) {
    /// The size of the kernel's set of signals, in bytes.
    const SET: usize = 8;
    // As large as the kernel's structure, or larger; all of it zero is the default disposition.
    let default = [0u64; 8];
    // SAFETY: the structure is readable, and nothing is written.
    unsafe {
        libc::syscall(libc::SYS_rt_sigaction, signal, default.as_ptr(), std::ptr::null_mut::<u64>(), SET)
    };
}

/// Where the system call has another form.
#[cfg(not(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "x86", target_arch = "aarch64")
)))]
fn reset(signal: libc::c_int) {
    // SAFETY: no code of this process becomes a handler.
    unsafe { libc::signal(signal, libc::SIG_DFL) };
}

/// What a signal is called, such as `SIGKILL`. Real-time signals have no name.
pub(crate) fn name(signal: libc::c_int) -> Option<&'static str> {
    macro_rules! names {
        ($($name:ident)*) => { &[$((libc::$name, stringify!($name))),*] };
    }
    const EVERYWHERE: &[(libc::c_int, &str)] = names! {
        SIGHUP SIGINT SIGQUIT SIGILL SIGTRAP SIGABRT SIGBUS SIGFPE SIGKILL SIGUSR1 SIGSEGV SIGUSR2 SIGPIPE SIGALRM
        SIGTERM SIGCHLD SIGCONT SIGSTOP SIGTSTP SIGTTIN SIGTTOU SIGURG SIGXCPU SIGXFSZ SIGVTALRM SIGPROF SIGWINCH
        SIGIO SIGSYS
    };
    // Few processors have another signal of the last number, which is found before.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    const HERE: &[(libc::c_int, &str)] = &[(libc::SIGPWR, "SIGPWR"), (16, "SIGSTKFLT")];
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    const HERE: &[(libc::c_int, &str)] = &[];
    EVERYWHERE.iter().chain(HERE).find(|(number, _)| *number == signal).map(|(_, name)| *name)
}

/// Makes the end of a child interrupt [`wait_for`], and nothing else: the signal stays blocked elsewhere.
pub(crate) fn notice_children() -> io::Result<()> {
    extern "C" fn nothing(_: libc::c_int) {}
    // SAFETY: the structure holds numbers and addresses; zero is a value of each.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = nothing as extern "C" fn(libc::c_int) as libc::sighandler_t;
    action.sa_flags = libc::SA_NOCLDSTOP;
    // SAFETY: the handler does nothing, which is safe at any time.
    check(unsafe { libc::sigaction(libc::SIGCHLD, &raw const action, std::ptr::null_mut()) }).map(drop)
}

/// What to wait for on a descriptor, and what came.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct Watched(libc::pollfd);

impl Watched {
    /// Waits until there is something to read, or nobody is left who could write.
    pub(crate) fn readable(fd: RawFd) -> Watched {
        Watched(libc::pollfd { fd, events: libc::POLLIN, revents: 0 })
    }

    /// Waits until there is room to write.
    pub(crate) fn writable(fd: RawFd) -> Watched {
        Watched(libc::pollfd { fd, events: libc::POLLOUT, revents: 0 })
    }

    /// Waits until there is room to write, too.
    pub(crate) fn or_writable(mut self, also: bool) -> Watched {
        if also {
            self.0.events |= libc::POLLOUT;
        }
        self
    }

    /// Waits for nothing any more.
    pub(crate) fn forget(&mut self) {
        self.0.fd = -1;
    }

    /// Whether what was waited for has come, or an error that reading will tell.
    pub(crate) fn happened(&self) -> bool {
        self.0.revents & !libc::POLLOUT != 0
    }

    /// Whether there is room to write.
    pub(crate) fn has_room(&self) -> bool {
        self.0.revents & libc::POLLOUT != 0
    }
}

/// Waits for descriptors, no longer than `limit`; a signal that is not blocked ends the wait as well, with nothing
/// having happened.
pub(crate) fn poll(watched: &mut [Watched], limit: Option<Duration>) -> io::Result<()> {
    // Rounded up, so that a deadline has passed when the wait is over.
    let limit =
        limit.map_or(-1, |limit| limit.as_micros().div_ceil(1000).try_into().unwrap_or(libc::c_int::MAX));
    let pointer = watched.as_mut_ptr().cast();
    // SAFETY: `Watched` is a `pollfd`, and the array is writable and as long as said.
    let result = check(unsafe { libc::poll(pointer, watched.len() as libc::nfds_t, limit) });
    forgive_interruption(result, watched)
}

/// Waits for descriptors or the end of a child, with every other signal blocked; see [`notice_children`].
/// Allocates nothing.
#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd", target_os = "openbsd"))]
pub(crate) fn wait_for(watched: &mut [Watched], limit: Option<Duration>) -> io::Result<()> {
    let mut mask = full();
    // SAFETY: `mask` is initialised.
    unsafe { libc::sigdelset(&raw mut mask, libc::SIGCHLD) };
    let limit = limit.map(|limit| libc::timespec {
        tv_sec: limit.as_secs().try_into().unwrap_or(i32::MAX.into()),
        tv_nsec: limit.subsec_nanos() as _,
    });
    let limit = limit.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    let pointer = watched.as_mut_ptr().cast();
    // SAFETY: `Watched` is a `pollfd`, the array is writable and as long as said; limit and mask are initialised.
    let result =
        check(unsafe { libc::ppoll(pointer, watched.len() as libc::nfds_t, limit, &raw const mask) });
    forgive_interruption(result, watched)
}

/// Waits for descriptors or the end of a child. Without `ppoll` a child's end is noticed by looking twenty times a
/// second, which the caller does after each return.
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd", target_os = "openbsd")))]
pub(crate) fn wait_for(watched: &mut [Watched], limit: Option<Duration>) -> io::Result<()> {
    const LOOK: Duration = Duration::from_millis(50);
    poll(watched, Some(limit.map_or(LOOK, |limit| limit.min(LOOK))))
}

fn forgive_interruption(result: io::Result<libc::c_int>, watched: &mut [Watched]) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::Interrupted => {
            watched.iter_mut().for_each(|one| one.0.revents = 0);
            Ok(())
        }
        result => result.map(drop),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_has_the_name_that_kill_knows() {
        assert_eq!(name(9), Some("SIGKILL"));
        assert_eq!(name(libc::SIGSEGV), Some("SIGSEGV"));
        assert_eq!(name(0), None);
        assert_eq!(name(4711), None);
    }
}
