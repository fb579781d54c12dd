//! Linux: `clone(2)` with shared memory, `/proc/self/exe`.

use super::{EXECUTABLE, NotStarted, Spec, Step, become_copy};
use crate::sys::process::{self, Pid};
use crate::sys::{check, fds, memory};
use std::ffi::{CStr, OsStr, c_int, c_void};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::RawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::atomic::{AtomicI32, AtomicU8, Ordering};

/// Remembers which file this program is, by the path that the kernel was given, for systems without `/proc`.
pub(crate) fn remember_executable() {
    let path = memory::executed_path().map(|path| Path::new(OsStr::from_bytes(path.to_bytes())));
    if let Some(metadata) = path.and_then(|path| path.metadata().ok()) {
        EXECUTABLE.get_or_init(|| (metadata.dev(), metadata.ino()));
    }
}

/// What the copy tells this process, in memory that both see.
struct Outcome {
    step: AtomicU8,
    errno: AtomicI32,
}

/// What the copy is given: what it is to be, and where to say what went wrong.
struct Task<'a> {
    copy: &'a Spec<'a>,
    outcome: Outcome,
}

/// Starts a copy and returns when it runs its executable, with its number. To be called with every signal
/// blocked, so that no handler of this process runs in the copy.
///
/// The copy shares the memory of this process until then (`CLONE_VM`), which costs nothing however large that
/// is, and lets it report exactly what failed; this thread waits (`CLONE_VFORK`). `stack` is for the copy, of
/// [`STACK`](super::STACK) bytes.
pub(crate) fn start(copy: &Spec<'_>, stack: &mut [MaybeUninit<u8>]) -> Result<Pid, NotStarted> {
    let task = Task { copy, outcome: Outcome { step: AtomicU8::new(0), errno: AtomicI32::new(0) } };
    // libc aligns it.
    let top = stack.as_mut_ptr_range().end;
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    let argument = (&raw const task).cast_mut().cast();
    // SAFETY: `main` gets a stack of its own of `STACK` bytes, which with `task` outlives the copy's use of both,
    // because this thread sleeps until the copy runs its executable or ends.
    let child = check(unsafe { libc::clone(main, top.cast(), flags, argument) })
        .map_err(NotStarted::at(Step::Process))?;
    let errno = task.outcome.errno.load(Ordering::Relaxed);
    if errno == 0 {
        return Ok(child);
    }
    // It has ended without running anything. Where children are reaped by themselves there is nothing to wait for.
    let _ = process::wait(child);
    let step = Step::from_number(task.outcome.step.load(Ordering::Relaxed)).unwrap_or(Step::Process);
    Err(NotStarted { step, error: io::Error::from_raw_os_error(errno) })
}

extern "C" fn main(task: *mut c_void) -> c_int {
    // SAFETY: `start` passes a task, and sleeps while it is used here.
    let task = unsafe { &*task.cast::<Task<'_>>() };
    let failure = become_copy(task.copy);
    task.outcome.step.store(failure.step as u8, Ordering::Relaxed);
    task.outcome.errno.store(failure.error.raw_os_error().unwrap_or(libc::EIO), Ordering::Relaxed);
    process::exit_now(127)
}

/// Runs the same executable: the same file, whatever its path names by now.
pub(super) fn execute(copy: &Spec<'_>) -> io::Error {
    // SAFETY: the path is a C string, and the arrays are null-terminated arrays of C strings.
    unsafe { libc::execve(c"/proc/self/exe".as_ptr(), copy.argv, copy.envp) };
    let error = io::Error::last_os_error();
    if !matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ENOTDIR)) {
        return error;
    }
    // /proc is not there.
    match memory::executed_path() {
        Some(path) => execute_by_path(path, copy),
        None => error,
    }
}

/// A program that was run by descriptor has this instead of a path.
const BY_DESCRIPTOR: &str = "/dev/fd/";

fn execute_by_path(path: &CStr, copy: &Spec<'_>) -> io::Error {
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
    let same = EXECUTABLE.get() == Some(&fds::identity(fd)?);
    // "Stale file handle": the path leads to another file than the one that runs.
    if same { Ok(fd) } else { Err(io::Error::from_raw_os_error(libc::ESTALE)) }
}

fn execute_descriptor(fd: RawFd, copy: &Spec<'_>) -> io::Error {
    let (empty, flags) = (c"".as_ptr(), libc::AT_EMPTY_PATH);
    // SAFETY: the path is a C string, and the arrays are null-terminated arrays of C strings.
    unsafe { libc::syscall(libc::SYS_execveat, fd, empty, copy.argv, copy.envp, flags) };
    io::Error::last_os_error()
}
