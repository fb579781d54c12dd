//! A process that goes from one system call to the next as a test wants it to: so a moment between two of them can be
//! kept for as long as something else takes.
#![allow(unsafe_code, reason = "what the kernel says about a system call is a union")]

use std::{
    ffi::c_long,
    fs::File,
    os::unix::{ffi::OsStrExt, fs::FileExt},
    path::Path,
};

use nix::{
    errno::Errno,
    sys::{
        ptrace::{self, Options},
        signal::Signal,
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::Pid,
};
use support::{Launch, Process, Running, skip, wait_until};

/// Stopped wherever it is, until the next request or [`let_go`](Traced::let_go). Only the thread that made it can use
/// it.
pub(crate) struct Traced {
    pid: Pid,
    /// The system call that it is in.
    inside: Option<c_long>,
}

/// Which side of a system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Before,
    After,
}

impl Traced {
    /// Starts a program, and has it before its first step. `None`, and says so, where this is not allowed.
    #[track_caller]
    pub(crate) fn start(launch: Launch<'_>) -> Option<(Running, Self)> {
        let running = launch.first(["raise", &(Signal::SIGSTOP as i32).to_string()]).spawn();
        let process = running.process();
        wait_until("the program to stop", || (process.stat().state == 'T').then_some(()));
        let traced = Self::attach(process)?;
        process.signal(Signal::SIGCONT);
        Some((running, traced))
    }

    /// Has a process that has begun long ago, of one thread.
    #[track_caller]
    pub(crate) fn attach(process: Process) -> Option<Self> {
        let traced = Self { pid: Pid::from_raw(process.0), inside: None };
        match ptrace::seize(traced.pid, Options::PTRACE_O_TRACESYSGOOD) {
            Err(Errno::EPERM | Errno::ENOSYS) => {
                skip("no process may trace another one");
                return None;
            }
            result => result.unwrap(),
        }
        ptrace::interrupt(traced.pid).unwrap();
        traced.wait();
        Some(traced)
    }

    /// Lets it go on to this side of the first of these system calls that it comes to.
    #[track_caller]
    pub(crate) fn go_to(&mut self, side: Side, calls: &[c_long]) {
        assert!(self.comes_to(side, calls), "process {} ended before it came to {calls:?}", self.pid);
    }

    /// The same, if it comes there: `false` if it ended without.
    #[track_caller]
    pub(crate) fn comes_to(&mut self, side: Side, calls: &[c_long]) -> bool {
        let mut signal = None;
        loop {
            ptrace::syscall(self.pid, signal.take()).unwrap();
            match self.wait() {
                WaitStatus::PtraceSyscall(_) => {
                    let (call, now) = self.look();
                    if now == side && call.is_some_and(|call| calls.contains(&call)) {
                        return true;
                    }
                }
                WaitStatus::Stopped(_, sent) => signal = Some(sent),
                WaitStatus::Exited(..) | WaitStatus::Signaled(..) => return false,
                _ => {}
            }
        }
    }

    /// Lets it go on until it is about to open a file by this path.
    #[track_caller]
    pub(crate) fn go_to_open(&mut self, path: &Path) {
        loop {
            self.go_to(Side::Before, &[libc::SYS_openat]);
            if self.second_argument_is(path.as_os_str().as_bytes()) {
                return;
            }
        }
    }

    fn second_argument_is(&self, text: &[u8]) -> bool {
        let info = ptrace::syscall_info(self.pid).unwrap();
        // SAFETY: it is stopped before a system call, and this is the field that belongs to that.
        let [_, address, ..] = unsafe { info.u.entry }.args;
        let mut there = vec![0; text.len() + 1];
        let memory = File::open(format!("/proc/{}/mem", self.pid)).unwrap();
        memory.read_exact_at(&mut there, address).is_ok() && there == [text, &[0]].concat()
    }

    /// Which system call it is at, and on which side.
    fn look(&mut self) -> (Option<c_long>, Side) {
        let info = ptrace::syscall_info(self.pid).unwrap();
        if info.op == libc::PTRACE_SYSCALL_INFO_ENTRY {
            // SAFETY: this is the field that belongs to this kind.
            let entry = unsafe { info.u.entry };
            self.inside = c_long::try_from(entry.nr).ok();
            (self.inside, Side::Before)
        } else {
            (self.inside.take(), Side::After)
        }
    }

    #[track_caller]
    fn wait(&self) -> WaitStatus {
        let flags = WaitPidFlag::WNOHANG | WaitPidFlag::__WALL;
        wait_until(format_args!("process {} to come to a stop", self.pid), || {
            match waitpid(self.pid, Some(flags)).unwrap() {
                WaitStatus::StillAlive => None,
                status => Some(status),
            }
        })
    }

    /// Lets it go on by itself.
    #[track_caller]
    pub(crate) fn let_go(self) {
        ptrace::detach(self.pid, None).unwrap();
    }
}
