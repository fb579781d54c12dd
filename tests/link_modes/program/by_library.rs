//! The same daemon without the attribute: the hook is the library's own, in `.init_array.00001`.
#![allow(unsafe_code, reason = "only a link section makes a constructor")]

mod body;

use std::{error::Error, process};

use godaemon::Options;

/// One like any other.
#[used]
// SAFETY: the section is a list of functions that the C runtime calls one after the other, without unwinding.
#[unsafe(link_section = ".init_array")]
static CONSTRUCTOR: extern "C" fn() = body::construct;

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::new().capture_output().wait_for_ready();
    let options = options.file_with("lock", body::lock).file_with("log", body::log);
    let mut daemon = options.daemonize().unwrap_or_else(|error| {
        eprintln!("{error:#}");
        process::exit(error.exit_code().into())
    });
    let (lock, log) = (daemon.take_file("lock")?, daemon.take_file("log")?);
    let stdout = daemon.take_stdout().ok_or("output is not captured")?;
    let ready = daemon.take_ready().ok_or("nobody waits")?;
    drop(daemon);
    body::run(lock, log, stdout, ready)
}
