//! F4: two execs of itself, and the parent waits until the daemon says on a pipe that it is up.
//!
//! The parent neither confirms that it has heard, nor reaps the first child, which does not stay beside the daemon.

mod sys;

use std::io;
use sys::{LINE, Line, Role};

fn main() -> io::Result<()> {
    match Role::own() {
        Role::Parent => {
            let line = Line::new()?;
            sys::spawn(Role::Child, Some(line.writer))?;
            line.wait()
        }
        Role::Child => {
            sys::lead_session()?;
            // The line is handed on as it is.
            sys::spawn(Role::Daemon, None)
        }
        Role::Daemon => {
            report::report()?;
            sys::say_up(LINE, 1)?;
            weight::carry();
            report::hold()
        }
    }
}
