//! F0: runs and exits. No daemon: what a process costs, and what each of the others is more than.

use std::io;

fn main() -> io::Result<()> {
    report::report()?;
    weight::carry();
    report::hold()
}
