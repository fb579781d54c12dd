//! The attribute without an option.

use std::io;

#[godaemon::main]
fn main() -> io::Result<()> {
    report::report()?;
    weight::carry();
    report::hold()
}
