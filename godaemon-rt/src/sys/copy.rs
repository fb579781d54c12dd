//! Starts a copy of this process: the same executable with `exec`, never a bare `fork`.
//!
//! Between the start and `exec` the copy shares the memory of this process, or has a snapshot of it in which any
//! lock may be held: it allocates nothing, takes no lock, and calls only what `signal-safety(7)` allows.

use super::{check, fds, process::Pid, signals};
use std::ffi::c_char;
use std::fmt;
use std::io;
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicI32, AtomicU8, AtomicU64, Ordering};

/// What a copy is to be.
pub(crate) struct Copy<'a> {
    /// The arguments, null-terminated.
    pub(crate) argv: *const *const c_char,
    /// The environment, null-terminated.
    pub(crate) envp: *const *const c_char,
    /// What is made new in the copy, for the first child; the daemon has it from the first child.
    pub(crate) leader: Option<Leader>,
    /// The descriptors above the standard streams that stay open.
    pub(crate) keep: &'a [RawFd],
}

/// What the first child has that its parent has not: a session, and standard streams of its own.
pub(crate) struct Leader {
    /// For standard input.
    pub(crate) null: RawFd,
    /// For standard output and error.
    pub(crate) output: RawFd,
}

/// What was being done when a start failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Step {
    Process = 0,
    Session = 1,
    Standard = 2,
    CloseOnExec = 3,
    HandOn = 4,
    Execute = 5,
    Prepare = 6,
}

impl Step {
    const ALL: [Step; 7] = [
        Step::Process,
        Step::Session,
        Step::Standard,
        Step::CloseOnExec,
        Step::HandOn,
        Step::Execute,
        Step::Prepare,
    ];

    /// The step with this number.
    pub(crate) fn from_number(number: u8) -> Option<Step> {
        Step::ALL.into_iter().find(|&step| step as u8 == number)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Step::Process => "cannot start a process",
            Step::Session => "cannot start a session",
            Step::Standard => "cannot set up the standard streams",
            Step::CloseOnExec => "cannot mark the descriptors close-on-exec",
            Step::HandOn => "cannot hand on a descriptor",
            Step::Execute => "cannot run a copy of the program",
            Step::Prepare => "cannot prepare the start of the daemon",
        })
    }
}

/// Why there is no copy.
#[derive(Debug)]
pub(crate) struct NotStarted {
    pub(crate) step: Step,
    pub(crate) error: io::Error,
}

impl NotStarted {
    fn at(step: Step) -> impl Fn(io::Error) -> NotStarted {
        move |error| NotStarted { step, error }
    }
}

/// Device and inode of the executable, for systems without `/proc`; zero while unknown.
static DEVICE: AtomicU64 = AtomicU64::new(0);
static INODE: AtomicU64 = AtomicU64::new(0);

/// Remembers which file this program is, by the path that the kernel was given, while nobody had time to replace it.
pub(crate) fn remember_executable() {
    if let Some(path) = super::memory::executed_path() {
        // SAFETY: the structure holds numbers; zero is a value of each.
        let mut status: libc::stat = unsafe { std::mem::zeroed() };
        // SAFETY: the path is a C string and `status` is writable.
        if unsafe { libc::stat(path.as_ptr(), &raw mut status) } == 0 {
            DEVICE.store(status.st_dev as u64, Ordering::Relaxed);
            INODE.store(status.st_ino as u64, Ordering::Relaxed);
        }
    }
}

/// What the copy tells this process, in memory that both see.
struct Outcome {
    step: AtomicU8,
    errno: AtomicI32,
}

/// The part of a copy between its start and `exec`; returns only when that failed.
fn become_copy(copy: &Copy<'_>) -> NotStarted {
    match prepare(copy) {
        Ok(()) => NotStarted { step: Step::Execute, error: execute(copy) },
        Err(failure) => failure,
    }
}

fn prepare(copy: &Copy<'_>) -> Result<(), NotStarted> {
    if let Some(leader) = &copy.leader {
        signals::reset_ignored();
        // SAFETY: makes a session; no memory is involved.
        check(unsafe { libc::setsid() }).map_err(NotStarted::at(Step::Session))?;
        for (from, to) in [(leader.null, 0), (leader.output, 1), (leader.output, 2)] {
            fds::duplicate_over(from, to).map_err(NotStarted::at(Step::Standard))?;
        }
        fds::close_all_on_exec().map_err(NotStarted::at(Step::CloseOnExec))?;
    }
    for &fd in copy.keep {
        fds::set_close_on_exec(fd, false).map_err(NotStarted::at(Step::HandOn))?;
    }
    Ok(())
}

#[cfg(target_os = "linux")]
pub(crate) use linux::start;

#[cfg(target_os = "linux")]
use linux::execute;

#[cfg(target_os = "linux")]
mod linux {
    use super::*;
    use std::ffi::{CStr, c_int, c_void};
    use std::mem::MaybeUninit;

    /// Room for the copy until `exec`: the deepest call is the list of `/proc/self/fd`, with a buffer of 2 KiB.
    const STACK: usize = 32 * 1024;

    #[repr(C, align(64))]
    struct Stack([MaybeUninit<u8>; STACK]);

    /// What the copy is given: what it is to be, and where to say what went wrong.
    struct Task<'a> {
        copy: &'a Copy<'a>,
        outcome: Outcome,
    }

    /// Starts a copy and returns when it runs its executable, with its number. To be called with every signal
    /// blocked, so that no handler of this process runs in the copy.
    ///
    /// The copy shares the memory of this process until then (`CLONE_VM`), which costs nothing however large that
    /// is, and lets it report exactly what failed; this thread waits (`CLONE_VFORK`).
    pub(crate) fn start(copy: &Copy<'_>) -> Result<Pid, NotStarted> {
        let mut stack = Stack([MaybeUninit::uninit(); STACK]);
        let task = Task { copy, outcome: Outcome { step: AtomicU8::new(0), errno: AtomicI32::new(0) } };
        let top = stack.0.as_mut_ptr_range().end;
        let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
        let argument = (&raw const task).cast_mut().cast();
        // SAFETY: `main` gets a stack of its own, which with `task` outlives the copy's use of both, because this
        // thread sleeps until the copy runs its executable or ends.
        let child = check(unsafe { libc::clone(main, top.cast(), flags, argument) })
            .map_err(NotStarted::at(Step::Process))?;
        let errno = task.outcome.errno.load(Ordering::Relaxed);
        if errno == 0 {
            return Ok(child);
        }
        // It has ended without running anything. Where children are reaped by themselves there is nothing to wait for.
        let _ = super::super::process::wait(child);
        let step = Step::from_number(task.outcome.step.load(Ordering::Relaxed)).unwrap_or(Step::Process);
        Err(NotStarted { step, error: io::Error::from_raw_os_error(errno) })
    }

    extern "C" fn main(task: *mut c_void) -> c_int {
        // SAFETY: `start` passes a task, and sleeps while it is used here.
        let task = unsafe { &*task.cast::<Task<'_>>() };
        let failure = become_copy(task.copy);
        task.outcome.step.store(failure.step as u8, Ordering::Relaxed);
        task.outcome.errno.store(failure.error.raw_os_error().unwrap_or(libc::EIO), Ordering::Relaxed);
        super::super::process::exit_now(127)
    }

    /// Runs the same executable: the same file, whatever its path names by now.
    pub(super) fn execute(copy: &Copy<'_>) -> io::Error {
        // SAFETY: the path is a C string, and the arrays are null-terminated arrays of C strings.
        unsafe { libc::execve(c"/proc/self/exe".as_ptr(), copy.argv, copy.envp) };
        let error = io::Error::last_os_error();
        if !matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ENOTDIR)) {
            return error;
        }
        // /proc is not there.
        match super::super::memory::executed_path() {
            Some(path) => execute_by_path(path, copy),
            None => error,
        }
    }

    /// A program that was run by descriptor has this instead of a path.
    const BY_DESCRIPTOR: &str = "/dev/fd/";

    fn execute_by_path(path: &CStr, copy: &Copy<'_>) -> io::Error {
        let by_descriptor = path.to_str().ok().and_then(|path| path.strip_prefix(BY_DESCRIPTOR));
        let fd = match (by_descriptor.and_then(|number| number.parse().ok()), &copy.leader) {
            // The first child was run by the descriptor that its parent opened below. The daemon needs it no more.
            (Some(fd), None) => fds::set_close_on_exec(fd, true).map(|()| fd),
            _ => open_executable(path),
        };
        match fd {
            Ok(fd) => execute_descriptor(fd, copy),
            Err(error) => error,
        }
    }

    /// Opens the path that the kernel was given, if it still leads to this program's file. The descriptor stays
    /// open in the first child, which has no other way to its own file.
    fn open_executable(path: &CStr) -> io::Result<RawFd> {
        // SAFETY: the path is a C string.
        let fd = check(unsafe { libc::open(path.as_ptr(), libc::O_PATH) })?;
        // SAFETY: the structure holds numbers; zero is a value of each.
        let mut status: libc::stat = unsafe { std::mem::zeroed() };
        // SAFETY: `status` is writable.
        check(unsafe { libc::fstat(fd, &raw mut status) })?;
        let same =
            status.st_dev == DEVICE.load(Ordering::Relaxed) && status.st_ino == INODE.load(Ordering::Relaxed);
        // "Stale file handle": the path leads to another file than the one that runs.
        if same { Ok(fd) } else { Err(io::Error::from_raw_os_error(libc::ESTALE)) }
    }

    fn execute_descriptor(fd: RawFd, copy: &Copy<'_>) -> io::Error {
        let (empty, flags) = (c"".as_ptr(), libc::AT_EMPTY_PATH);
        // SAFETY: the path is a C string, and the arrays are null-terminated arrays of C strings.
        unsafe { libc::syscall(libc::SYS_execveat, fd, empty, copy.argv, copy.envp, flags) };
        io::Error::last_os_error()
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) use portable::start;

#[cfg(not(target_os = "linux"))]
use portable::execute;

/// Other systems: `fork(2)`, and a pipe that `exec` closes or that says what failed.
#[cfg(not(target_os = "linux"))]
mod portable {
    use super::*;
    use std::ffi::CString;
    use std::os::fd::{AsRawFd, OwnedFd};
    use std::os::unix::ffi::OsStrExt;
    use std::sync::OnceLock;

    /// The path of the executable, found before the fork.
    static PATH: OnceLock<Option<CString>> = OnceLock::new();

    pub(crate) fn start(copy: &Copy<'_>) -> Result<Pid, NotStarted> {
        PATH.get_or_init(|| CString::new(std::env::current_exe().ok()?.as_os_str().as_bytes()).ok());
        let (reader, writer) = fds::pipe().map_err(NotStarted::at(Step::Process))?;
        // SAFETY: the copy calls what `signal-safety(7)` allows, and then `exec` or `_exit`.
        let child = check(unsafe { libc::fork() }).map_err(NotStarted::at(Step::Process))?;
        if child == 0 {
            let failure = become_copy(copy);
            report(&writer, &failure);
            super::super::process::exit_now(127)
        }
        drop(writer);
        let mut message = [0; 5];
        match fds::read(reader.as_raw_fd(), &mut message) {
            Ok(5) => {
                let _ = super::super::process::wait(child);
                let [step, errno @ ..] = message;
                let step = Step::from_number(step).unwrap_or(Step::Process);
                Err(NotStarted { step, error: io::Error::from_raw_os_error(i32::from_ne_bytes(errno)) })
            }
            _ => Ok(child),
        }
    }

    fn report(writer: &OwnedFd, failure: &NotStarted) {
        let mut message = [failure.step as u8; 5];
        let errno = failure.error.raw_os_error().unwrap_or(libc::EIO);
        message[1..].copy_from_slice(&errno.to_ne_bytes());
        // SAFETY: the message is readable and as long as said.
        unsafe { libc::write(writer.as_raw_fd(), message.as_ptr().cast(), message.len()) };
    }

    pub(super) fn execute(copy: &Copy<'_>) -> io::Error {
        let Some(Some(path)) = PATH.get() else { return io::Error::from_raw_os_error(libc::ENOENT) };
        // SAFETY: the path is a C string, and the arrays are null-terminated arrays of C strings.
        unsafe { libc::execve(path.as_ptr(), copy.argv, copy.envp) };
        io::Error::last_os_error()
    }
}
