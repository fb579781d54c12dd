//! No exec: `fork`, `setsid`, `fork`, and the parent waits until the daemon says on a pipe that it is up.
//!
//! The daemon goes on in a copy of the parent's memory: nothing is loaded, and nothing is as after a start. It holds what
//! other threads had locked, for ever; so it is no way for a program that may have any.

mod sys;

use std::io;
use sys::Line;

fn main() -> io::Result<()> {
    let line = Line::new()?;
    if !sys::fork()? {
        return line.wait();
    }
    sys::lead_session()?;
    if !sys::fork()? {
        sys::exit_now(0);
    }
    report::report()?;
    sys::say_up(line.writer, 1)?;
    report::hold()
}
