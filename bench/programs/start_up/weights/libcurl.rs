//! libcurl, and the shared libraries that it needs.

#![allow(unsafe_code, reason = "a function of another language is declared; it is never called")]

use std::ffi::c_void;
use std::hint::black_box;

// By its file name, which needs no package for developers.
#[link(name = "libcurl.so.4", kind = "dylib", modifiers = "+verbatim")]
unsafe extern "C" {
    fn curl_easy_init() -> *mut c_void;
}

/// Keeps the weight in the program. To be called where it is not measured.
pub fn carry() {
    black_box(curl_easy_init as unsafe extern "C" fn() -> *mut c_void);
}
