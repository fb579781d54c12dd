//! One exec: the first child is made by `vfork`, makes the daemon by `vfork`, and exits as soon as that is executed.
//!
//! The least that ends with a daemon which was executed and leads no session. `vfork` gives no memory away: the first child
//! borrows the parent's, and the parent's thread sleeps until it has exited. So it cannot stay beside the daemon: nobody
//! learns from the kernel how a daemon has ended that has not come up, the parent sees no more than the end of the pipe; and
//! nobody is there to end it when the parent is gone.

mod sys;

use std::ffi::c_int;
use std::io;
use sys::{ChildStack, DaemonStack, LINE, Line, Role};

fn main() -> io::Result<()> {
    if matches!(Role::own(), Role::Daemon) {
        report::report()?;
        sys::say_up(LINE, 1)?;
        return report::hold();
    }
    let line = Line::new()?;
    sys::vfork(&mut ChildStack::new(), first_child, line)?;
    line.wait()
}

fn first_child(line: Line) -> c_int {
    let started = sys::lead_session().and_then(|()| sys::vfork(&mut DaemonStack::new(), daemon, line));
    started.is_err().into()
}

fn daemon(line: Line) -> c_int {
    sys::execute_daemon(line.writer)
}
