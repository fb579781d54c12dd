//! A daemon that loads a shared library, its argument, in which there is a copy of the library of its own.
#![allow(unsafe_code, reason = "only C loads a library")]

use std::{
    env,
    error::Error,
    ffi::{CString, c_int},
    mem,
    os::unix::ffi::OsStringExt,
};

use godaemon_link_modes as support;

#[godaemon::main(values = [stage = stage_in_library()?])]
fn main(stage: c_int) -> Result<(), Box<dyn Error>> {
    Ok(support::obey_with("body", &[("in_library", &stage.to_string())])?)
}

/// In the parent, and again in the daemon. The library stays loaded.
fn stage_in_library() -> Result<c_int, Box<dyn Error>> {
    let path = CString::new(env::args_os().nth(1).ok_or("which library?")?.into_vec())?;
    // SAFETY: the path is a string of C's, and the constructors of the library do nothing here.
    let library = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW) };
    if library.is_null() {
        return Err("cannot load the library".into());
    }
    // SAFETY: the library is loaded, and the name is a string of C's.
    let address = unsafe { libc::dlsym(library, c"stage_here".as_ptr()) };
    // SAFETY: the library's function is of this type; none is a null pointer.
    let function = unsafe { mem::transmute::<*mut libc::c_void, Option<extern "C" fn() -> c_int>>(address) };
    Ok(function.ok_or("the library has no such function")?())
}
