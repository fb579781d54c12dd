//! A daemon that inherits the very descriptor 0 of its parent.
#![allow(unsafe_code, reason = "nothing else gets hold of a standard stream's own number")]

use std::{
    error::Error,
    fs::File,
    io::{self, Read},
    os::fd::{AsRawFd, FromRawFd},
};

#[godaemon::main(files = [input = own_stdin()])]
fn main(mut input: File) -> Result<(), Box<dyn Error>> {
    let mut text = String::new();
    input.read_to_string(&mut text)?;
    Ok(support::obey_with("body", &[("file", &input.as_raw_fd().to_string()), ("text", &text)])?)
}

fn own_stdin() -> File {
    // SAFETY: nobody reads from stdin in this program; std only borrows the number when it does.
    unsafe { File::from_raw_fd(io::stdin().as_raw_fd()) }
}
