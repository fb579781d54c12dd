//! Starts a copy of this process: the same executable with `exec`, never a bare `fork`.
//!
//! Between the start and `exec` the copy shares the memory of this process, or has a snapshot of it in which any
//! lock may be held: it allocates nothing, takes no lock, and calls only what `signal-safety(7)` allows.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod portable;

#[cfg(target_os = "linux")]
use self::linux as system;
#[cfg(not(target_os = "linux"))]
use self::portable as system;

pub(crate) use self::system::{remember_executable, start};

/// Device and inode of this program's executable, as of the time when nobody had been able to replace it yet.
static EXECUTABLE: OnceLock<(u64, u64)> = OnceLock::new();

use super::{check, fds, signals};
use std::ffi::{CStr, c_char};
use std::fmt;
use std::io;
use std::os::fd::RawFd;
use std::sync::OnceLock;

/// Room for a copy until `exec`, in bytes: the deepest call is the list of `/proc/self/fd`, with a buffer of 2 KiB.
pub(crate) const STACK: usize = 32 * 1024;

/// What a copy is to be.
pub(crate) struct Spec<'a> {
    /// The arguments, null-terminated.
    pub(crate) argv: *const *const c_char,
    /// The environment, null-terminated.
    pub(crate) envp: *const *const c_char,
    /// What is made new in the copy, for the first child; the daemon has it from the first child.
    pub(crate) leader: Option<Leader<'a>>,
    /// The descriptors above the standard streams that stay open.
    pub(crate) keep: &'a [RawFd],
}

/// What the first child has that its parent has not: a session, and standard streams of its own.
pub(crate) struct Leader<'a> {
    /// For standard input.
    pub(crate) null: RawFd,
    /// For standard output and error.
    pub(crate) output: RawFd,
    /// The directory to go back to, if the parent is no longer where it was launched.
    pub(crate) directory: Option<&'a CStr>,
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
    Directory = 7,
    Namespace = 8,
    Watch = 9,
}

impl Step {
    const ALL: [Step; 10] = [
        Step::Process,
        Step::Session,
        Step::Standard,
        Step::CloseOnExec,
        Step::HandOn,
        Step::Execute,
        Step::Prepare,
        Step::Directory,
        Step::Namespace,
        Step::Watch,
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
            Step::Namespace => {
                "it is process 1 of a new process namespace, and the daemon would end with it (`unshare` needs `--fork`)"
            }
            Step::Watch => "cannot watch over the daemon",
            Step::Directory => "cannot go back to the directory of the launch",
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

/// The part of a copy between its start and `exec`; returns only when that failed.
fn become_copy(copy: &Spec<'_>) -> NotStarted {
    match prepare(copy) {
        Ok(()) => NotStarted { step: Step::Execute, error: system::execute(copy) },
        Err(failure) => failure,
    }
}

fn prepare(copy: &Spec<'_>) -> Result<(), NotStarted> {
    if let Some(leader) = &copy.leader {
        signals::reset_ignored();
        // SAFETY: makes a session; no memory is involved.
        check(unsafe { libc::setsid() }).map_err(NotStarted::at(Step::Session))?;
        if let Some(directory) = leader.directory {
            // SAFETY: the path is a C string.
            check(unsafe { libc::chdir(directory.as_ptr()) }).map_err(NotStarted::at(Step::Directory))?;
        }
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
