//! The daemon with the attribute, whose hook is in `.preinit_array`.
#![allow(unsafe_code, reason = "only a link section makes a constructor")]

mod body;

use std::{error::Error, fs::File};

use godaemon::{Reader, Ready};

/// The first of all constructors: it comes before the library's own hook.
#[used]
// SAFETY: the section is a list of functions that the C runtime calls one after the other, without unwinding.
#[unsafe(link_section = ".init_array.00000")]
static CONSTRUCTOR: extern "C" fn() = body::construct;

#[godaemon::main(capture_output, files = [lock = body::lock()?, log = body::log()?])]
fn main(lock: File, log: File, stdout: Reader, ready: Ready) -> Result<(), Box<dyn Error>> {
    body::run(lock, log, stdout, ready)
}
