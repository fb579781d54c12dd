//! libLLVM: 100 MiB, with many relocations and constructors of its own.

#![allow(unsafe_code, reason = "a function of another language is declared; it is never called")]

use std::hint::black_box;

// By its file name, which needs no package for developers.
#[link(name = "libLLVM-14.so.1", kind = "dylib", modifiers = "+verbatim")]
unsafe extern "C" {
    fn LLVMShutdown();
}

/// Keeps the weight in the program. To be called where it is not measured.
pub fn carry() {
    black_box(LLVMShutdown as unsafe extern "C" fn());
}
