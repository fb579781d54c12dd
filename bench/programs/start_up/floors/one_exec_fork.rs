//! One exec, and the first child, made by `fork`, stays beside the daemon until that says that it is up.
//!
//! The first child has a copy of the parent's memory, which nobody else uses. It costs what the kernel takes to copy the
//! tables of pages that the parent has written to, and those pages that either of them writes to afterwards. With threads
//! in the parent the child may do no more than here: plain system calls, until it exits.

mod sys;

use std::ffi::c_int;
use std::io;
use sys::{DaemonStack, LINE, Line, Role};

fn main() -> io::Result<()> {
    if matches!(Role::own(), Role::Daemon) {
        report::report()?;
        // To the parent and to the first child, who read from the same pipe.
        sys::say_up(LINE, 2)?;
        return report::hold();
    }
    let line = Line::new()?;
    if sys::fork()? {
        sys::exit_now(first_child(line));
    }
    line.wait()
}

fn first_child(line: Line) -> c_int {
    let started = sys::lead_session().and_then(|()| sys::vfork(&mut DaemonStack::new(), daemon, line));
    started.and_then(|_| line.wait()).is_err().into()
}

fn daemon(line: Line) -> c_int {
    sys::execute_daemon(line.writer)
}
