//! The only `unsafe` of the support: what the standard library shows in its own way, as it is.
#![allow(unsafe_code, reason = "the environment as a program of C sees it")]

use std::{
    ffi::{CStr, c_char},
    ptr,
};

unsafe extern "C" {
    static environ: *const *const c_char;
}

/// The entries of the environment as they are: [`std::env::vars_os`] leaves out those without a `=`.
///
/// For programs of one thread that do not change their environment.
pub(crate) fn environment() -> Vec<Vec<u8>> {
    let mut entries = Vec::new();
    // SAFETY: the variable is libc's; nothing in these programs writes it.
    let mut at = unsafe { environ };
    while !at.is_null() {
        // SAFETY: the list ends with a null pointer, which has not been met yet.
        let entry = unsafe { ptr::read(at) };
        if entry.is_null() {
            break;
        }
        // SAFETY: each entry of the list is a C string.
        entries.push(unsafe { CStr::from_ptr(entry) }.to_bytes().to_vec());
        // SAFETY: the end has not been met yet, so that another pointer follows.
        at = unsafe { at.add(1) };
    }
    entries
}
