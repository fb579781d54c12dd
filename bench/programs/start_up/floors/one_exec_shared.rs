//! One exec, and the first child, in the parent's memory as after `vfork`, stays beside the daemon while the parent goes on.
//!
//! `CLONE_VM` without `CLONE_VFORK`: a process of its own, with descriptors of its own, like a thread in the same memory. The
//! parent waits as it likes, and can be interrupted. What has to hold, and holds here: the child's stack is never given
//! back; the memory stays until both have ended, whoever is first; the child allocates nothing and takes no lock, for the
//! parent's threads go on; and it has no thread-local storage of its own, but that of the thread that made it, so that one
//! may not look at `errno` while the other is in a system call. (The floor never does, unless it fails anyway. A library
//! would give it a block of its own, or make its calls without libc.)

mod sys;

use std::ffi::c_int;
use std::io;
use sys::{ChildStack, DaemonStack, LINE, Line, Role};

fn main() -> io::Result<()> {
    if matches!(Role::own(), Role::Daemon) {
        report::report()?;
        // To the parent and to the first child, who read from the same pipe.
        sys::say_up(LINE, 2)?;
        return report::hold();
    }
    let line = Line::new()?;
    sys::share(Box::leak(Box::new(ChildStack::new())), first_child, line)?;
    line.wait()
}

fn first_child(line: Line) -> c_int {
    let started = sys::lead_session().and_then(|()| sys::vfork(&mut DaemonStack::new(), daemon, line));
    started.and_then(|_| line.wait()).is_err().into()
}

fn daemon(line: Line) -> c_int {
    sys::execute_daemon(line.writer)
}
