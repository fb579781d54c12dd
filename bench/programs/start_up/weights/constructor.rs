//! A constructor that takes 20 ms, as of a static variable in C++: it runs before `main`, in every image.

#![allow(unsafe_code, reason = "what runs before `main` is named by the section that it is in")]

use std::thread;
use std::time::Duration;

// SAFETY: the section has pointers to functions, which may ignore the arguments that they are called with.
#[used]
#[unsafe(link_section = ".init_array")]
static CONSTRUCTOR: extern "C" fn() = construct;

/// It sleeps, so that it takes as long on a busy machine.
extern "C" fn construct() {
    thread::sleep(Duration::from_millis(20));
}

/// Keeps the weight in the program. To be called where it is not measured.
pub fn carry() {}
