//! A daemon with a function that runs before `main`, as some libraries have: it writes the number of its process as a
//! line into the file `constructed` in the current directory.
#![allow(unsafe_code, reason = "only a link section makes a constructor")]

use std::{error::Error, fs::OpenOptions, io::Write, process};

#[used]
// SAFETY: the section is a list of functions that the loader calls one after the other, without unwinding.
#[unsafe(link_section = ".init_array")]
static CONSTRUCTOR: extern "C" fn() = {
    extern "C" fn construct() {
        let file = OpenOptions::new().append(true).create(true).open("constructed");
        let written = file.and_then(|mut file| writeln!(file, "{}", process::id()));
        if written.is_err() {
            process::abort();
        }
    }
    construct
};

#[godaemon::main]
fn main() -> Result<(), Box<dyn Error>> {
    Ok(support::obey("body")?)
}
