//! The simplest daemon there is, without any options; its body says what it sees.

use std::error::Error;

#[godaemon::main]
fn main() -> Result<(), Box<dyn Error>> {
    Ok(support::obey("body")?)
}
