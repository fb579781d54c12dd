//! A daemon whose output is captured, and that nobody reads.

use std::error::Error;

use godaemon::{Reader, Ready};

#[godaemon::main(capture_output)]
fn main(_stdout: Reader, _stderr: Reader, ready: Ready) -> Result<(), Box<dyn Error>> {
    support::obey("body")?;
    ready.notify()?;
    Ok(support::obey("up")?)
}
