//! One exec, and the first child, made by `vfork`, stays beside the daemon until that says that it is up.
//!
//! The parent's thread sleeps in `vfork` all the while: the kernel wakes it for nothing but SIGKILL. So this is a floor and
//! no way to go: Ctrl-C and SIGTERM meet a parent that does not answer, for as long as the daemon takes; and the first child,
//! which is in another session, does not hear of them.

mod sys;

use std::ffi::c_int;
use std::io;
use sys::{ChildStack, DaemonStack, LINE, Line, Role};

fn main() -> io::Result<()> {
    if matches!(Role::own(), Role::Daemon) {
        report::report()?;
        sys::say_up(LINE, 1)?;
        weight::carry();
        return report::hold();
    }
    let line = Line::new()?;
    let child = sys::vfork(&mut ChildStack::new(), first_child, line)?;
    // It has ended already.
    if sys::wait(child)? { Ok(()) } else { Err(io::Error::other("the daemon has not come up")) }
}

fn first_child(line: Line) -> c_int {
    let started = sys::lead_session().and_then(|()| sys::vfork(&mut DaemonStack::new(), daemon, line));
    started.and_then(|_| line.wait()).is_err().into()
}

fn daemon(line: Line) -> c_int {
    sys::execute_daemon(line.writer)
}
