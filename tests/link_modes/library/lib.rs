//! What a plugin, or a module for a language such as Python, may want of godaemon: its own process is no daemon.
#![allow(unsafe_code, reason = "C finds functions by their plain names")]

use std::ffi::c_int;

use godaemon::PidFile;

/// The number of the daemon that holds the file `pid` in the current directory, 0 if there is none, -1 for an error.
// SAFETY: nothing else in the test has this name.
#[unsafe(no_mangle)]
pub extern "C" fn running_daemon() -> c_int {
    PidFile::new("pid").running().map_or(-1, |daemon| daemon.map_or(0, u32::cast_signed))
}

/// The stage of the process, as the copy of godaemon in this library sees it.
// SAFETY: nothing else in the test has this name.
#[unsafe(no_mangle)]
pub extern "C" fn stage_here() -> c_int {
    c_int::from(godaemon::stage() as u8)
}
