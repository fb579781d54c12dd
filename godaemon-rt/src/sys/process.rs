//! Processes: their ends, signals to them, this one's identity and name.

use super::check;
use std::ffi::CStr;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

/// The number of a process, or of a process group.
pub(crate) type Pid = libc::pid_t;

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Exited(u8),
    Killed(i32),
}

/// Waits for the end of a child, and reaps it.
pub(crate) fn wait(child: Pid) -> io::Result<End> {
    super::retry(|| wait_with(child, 0)?.ok_or_else(|| io::ErrorKind::Interrupted.into()))
}

/// Reaps a child if it has ended.
pub(crate) fn wait_no_hang(child: Pid) -> io::Result<Option<End>> {
    super::retry(|| wait_with(child, libc::WNOHANG))
}

/// Waits for the end of a child, and leaves it to be reaped.
pub(crate) fn await_end(child: Pid) {
    // SAFETY: the structure holds numbers and addresses; zero is a value of each.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    let id = child.unsigned_abs() as libc::id_t;
    // One that somebody else reaps has ended as well.
    let _ = super::retry(|| {
        // SAFETY: `info` is writable.
        check(unsafe { libc::waitid(libc::P_PID, id, &raw mut info, libc::WEXITED | libc::WNOWAIT) })
    });
}

/// What can be said of a child that nobody has waited for here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum State {
    Runs,
    /// It waits to be reaped, and its number is still its own and that of its group.
    Ended,
    /// Somebody else has reaped it, or the system has, and the number may be another's.
    Reaped,
}

/// Looks at a child, and leaves it as it is.
pub(crate) fn state(child: Pid) -> State {
    // SAFETY: the structure holds numbers and addresses; zero is a value of each.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    let (id, flags) = (child.unsigned_abs(), libc::WEXITED | libc::WNOHANG | libc::WNOWAIT);
    // SAFETY: `info` is writable.
    match check(unsafe { libc::waitid(libc::P_PID, id as libc::id_t, &raw mut info, flags) }) {
        Ok(_) if info.si_signo == 0 => State::Runs,
        Ok(_) => State::Ended,
        Err(_) => State::Reaped,
    }
}

fn wait_with(child: Pid, flags: libc::c_int) -> io::Result<Option<End>> {
    let mut status = 0;
    // SAFETY: `status` is writable. `child` is always the number of one child of this process.
    let ended = check(unsafe { libc::waitpid(child, &raw mut status, flags) })?;
    if ended == 0 {
        return Ok(None);
    }
    Ok(if libc::WIFSIGNALED(status) {
        Some(End::Killed(libc::WTERMSIG(status)))
    } else if libc::WIFEXITED(status) {
        Some(End::Exited(u8::try_from(libc::WEXITSTATUS(status)).unwrap_or(u8::MAX)))
    } else {
        None
    })
}

/// Sends a signal to a process, or with a negative number to a group.
pub(crate) fn kill(target: Pid, signal: libc::c_int) -> io::Result<()> {
    // SAFETY: sends a signal; no memory is involved.
    check(unsafe { libc::kill(target, signal) }).map(drop)
}

/// Whether there is a process of this number, ended or not.
pub(crate) fn exists(pid: Pid) -> bool {
    !matches!(kill(pid, 0), Err(error) if error.raw_os_error() == Some(libc::ESRCH))
}

/// Calls a function when this process, or one that it has forked, ends by `exit(3)`, which a return from `main` comes
/// to. Functions that were asked for later are called before.
pub(crate) fn at_exit(act: extern "C" fn()) {
    // SAFETY: the function can be called at any time. If there is no room for it, the end is like that by a signal.
    unsafe { libc::atexit(act) };
}

/// The number of this process.
pub(crate) fn own() -> Pid {
    // SAFETY: cannot fail.
    unsafe { libc::getpid() }
}

/// The number of the process that started this one, or of the one that adopted it.
pub(crate) fn parent() -> Pid {
    // SAFETY: cannot fail.
    unsafe { libc::getppid() }
}

/// The session of this process, which has the number of the process that leads it.
pub(crate) fn session() -> Pid {
    // SAFETY: cannot fail for the calling process.
    unsafe { libc::getsid(0) }
}

/// The effective user.
pub(crate) fn effective_user() -> libc::uid_t {
    // SAFETY: cannot fail.
    unsafe { libc::geteuid() }
}

/// Sets which permissions new files do not get.
pub(crate) fn set_umask(mask: u32) {
    #[allow(clippy::cast_possible_truncation, reason = "nine bits, which fit into every `mode_t`")]
    let mask = mask as libc::mode_t;
    // SAFETY: cannot fail; no memory is involved.
    unsafe { libc::umask(mask) };
}

/// Enters a directory.
pub(crate) fn enter(directory: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: the descriptor is borrowed; no memory is involved.
    check(unsafe { libc::fchdir(directory.as_raw_fd()) }).map(drop)
}

/// Ends the process at once: no handler runs, nothing is flushed.
pub(crate) fn exit_now(status: u8) -> ! {
    // SAFETY: does not return.
    unsafe { libc::_exit(status.into()) }
}

/// Ends the other members of the group, if it is still that of the first child: it leads a session of the library's
/// own.
pub(crate) fn end_helpers() {
    // SAFETY: cannot fail for the calling process.
    if unsafe { libc::getpgid(0) } == session() {
        // SAFETY: no code of this process becomes a handler. This process has its own way to end.
        unsafe { libc::signal(libc::SIGTERM, libc::SIG_IGN) };
        let _ = kill(0, libc::SIGTERM);
    }
}

/// Whether a group has a member left beside the process `except`. Says yes where it cannot tell. Allocates nothing.
pub(crate) fn group_has_others(group: Pid, except: Pid) -> bool {
    #[cfg(target_os = "linux")]
    {
        // A `/proc` that is empty, or another namespace's, does not show this process either.
        let (mut seen, mut found) = (false, false);
        let listed = super::listing::for_each_number(c"/proc", |pid| {
            seen |= pid == own();
            // SAFETY: only asks; the process may be gone by now.
            found |= pid != except && unsafe { libc::getpgid(pid) } == group && !is_zombie(pid);
            Ok(())
        });
        listed.is_err() || !seen || found
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = (group, except);
        true
    }
}

/// Whether a process has ended and only waits to be reaped.
#[cfg(target_os = "linux")]
fn is_zombie(pid: Pid) -> bool {
    use std::io::Write;
    let mut path = [0; 32];
    let _ = write!(path.as_mut_slice(), "/proc/{pid}/stat\0");
    // SAFETY: the path ends with a zero byte.
    let Ok(fd) = check(unsafe { libc::open(path.as_ptr().cast(), libc::O_RDONLY | libc::O_CLOEXEC) }) else {
        return true;
    };
    let mut text = [0; 128];
    let read = super::fds::read(fd, &mut text).unwrap_or(0);
    super::fds::close(fd);
    // `pid (name) state ...`; the name may hold anything, so look behind its end.
    let text = text.get(..read).unwrap_or_default();
    let name_end = text.iter().rposition(|&byte| byte == b')').unwrap_or(0);
    matches!(text.get(name_end + 2), Some(b'Z' | b'X') | None)
}

/// Sets the name of a process that has one thread; see [`set_name`]. Allocates nothing.
pub(crate) fn set_name_of_thread(name: &CStr) {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    // SAFETY: the name is a C string.
    unsafe {
        libc::prctl(libc::PR_SET_NAME, name.as_ptr())
    };
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = name;
}

/// Sets the name of the process that `ps -o comm` and `pgrep` show; the system cuts it (Linux: 15 bytes). Where there
/// is no such name, or it cannot be set, the process runs without it.
pub(crate) fn set_name(name: &CStr) {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        // SAFETY: cannot fail.
        let thread = unsafe { libc::gettid() };
        if thread == own() {
            set_name_of_thread(name);
        } else {
            // The name of the process is that of its first thread, which another one reaches through /proc only.
            let _ = std::fs::write("/proc/self/comm", name.to_bytes());
        }
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = name;
}

/// Whether the file of this program gave it privileges that its caller has not: set-user-ID, set-group-ID, or file
/// capabilities. Another reason for `AT_SECURE`, a change of the security domain, is none. To be asked before the
/// program gives its privileges up: a copy would have them again.
pub(crate) fn is_privileged() -> bool {
    #[cfg(target_os = "linux")]
    {
        super::memory::at_secure() && (ids_differ() || linux::has_file_capabilities())
    }
    #[cfg(not(target_os = "linux"))]
    ids_differ()
}

/// Whether the effective user or group is not the real one. The system distrusts a copy of such a process.
pub(crate) fn ids_differ() -> bool {
    // SAFETY: cannot fail.
    let user = unsafe { libc::getuid() };
    // SAFETY: cannot fail.
    let group = unsafe { libc::getgid() };
    // SAFETY: cannot fail.
    let effective_group = unsafe { libc::getegid() };
    user != effective_user() || group != effective_group
}

/// Whether this process has no capability left, nor one that it could take up again. Says yes where there are none.
pub(crate) fn has_no_capability() -> bool {
    #[cfg(target_os = "linux")]
    {
        linux::permits_nothing()
    }
    #[cfg(not(target_os = "linux"))]
    true
}

/// Whether this process is allowed to take other groups, and to become another user if `user`.
///
/// Root only: another user with these capabilities would keep them when it becomes a third one.
pub(crate) fn may_change_ids(user: bool) -> bool {
    #[cfg(target_os = "linux")]
    {
        const SETGID: u32 = 6;
        const SETUID: u32 = 7;
        effective_user() == 0 && linux::is_effective(SETGID) && (!user || linux::is_effective(SETUID))
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = user;
        effective_user() == 0
    }
}

#[cfg(target_os = "linux")]
mod linux {
    /// `struct __user_cap_header_struct` of `capget(2)`.
    #[repr(C)]
    struct Header {
        version: u32,
        pid: libc::c_int,
    }

    /// `struct __user_cap_data_struct`: the capabilities come in two halves of 32.
    #[repr(C)]
    #[derive(Clone, Copy)]
    struct Half {
        effective: u32,
        permitted: u32,
        inheritable: u32,
    }

    const VERSION_3: u32 = 0x2008_0522;

    fn capabilities() -> Option<[Half; 2]> {
        let mut header = Header { version: VERSION_3, pid: 0 };
        let mut halves = [Half { effective: 0, permitted: 0, inheritable: 0 }; 2];
        // SAFETY: version 3 reads one header and writes two halves.
        let got = unsafe { libc::syscall(libc::SYS_capget, &raw mut header, halves.as_mut_ptr()) };
        (got == 0).then_some(halves)
    }

    /// Whether the process has no capability. If that cannot be told, its ids have to speak for it.
    pub(super) fn permits_nothing() -> bool {
        capabilities().is_none_or(|halves| halves.iter().all(|half| half.permitted == 0))
    }

    /// Whether the process has a capability. If that cannot be told the system will say so when it is needed.
    pub(super) fn is_effective(capability: u32) -> bool {
        capabilities().is_none_or(|halves| half(&halves, capability).effective & bit(capability) != 0)
    }

    /// Whether a process that is not root's may have capabilities that it did not inherit as ambient ones.
    pub(super) fn has_file_capabilities() -> bool {
        if super::effective_user() == 0 {
            return false;
        }
        let is_own = |halves: &[Half; 2], capability| {
            half(halves, capability).permitted & bit(capability) != 0 && !is_ambient(capability)
        };
        // A process that cannot know counts as privileged: it can still run in the foreground.
        capabilities().is_none_or(|halves| (0..64).any(|capability| is_own(&halves, capability)))
    }

    fn half(halves: &[Half; 2], capability: u32) -> &Half {
        if capability < 32 { &halves[0] } else { &halves[1] }
    }

    fn bit(capability: u32) -> u32 {
        1 << (capability % 32)
    }

    fn is_ambient(capability: u32) -> bool {
        let capability = libc::c_ulong::from(capability);
        // SAFETY: asks for one bit; the unused arguments have to be zero.
        unsafe { libc::prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_IS_SET, capability, 0, 0) == 1 }
    }
}
