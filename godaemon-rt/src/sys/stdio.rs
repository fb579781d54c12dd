//! What C prints with `printf(3)` and holds back (`stdio(3)`).

/// Writes out what C holds back of its standard output. (Of standard error it holds back nothing.)
///
/// Not all streams at once, `fflush(NULL)`: it would wait for a thread that reads one of them.
pub(crate) fn flush_output() {
    // SAFETY: it is a stream of libc's, or null for all. What cannot be written cannot be reported either.
    unsafe { libc::fflush(output()) };
}

/// The same, unless another thread has the stream locked; whether that is so.
pub(crate) fn flush_output_if_free() -> bool {
    unsafe extern "C" {
        fn ftrylockfile(file: *mut libc::FILE) -> libc::c_int;
        fn funlockfile(file: *mut libc::FILE);
    }
    let output = output();
    if output.is_null() {
        flush_output();
        return true;
    }
    // SAFETY: it is a stream of libc's.
    if unsafe { ftrylockfile(output) } != 0 {
        return false;
    }
    flush_output();
    // SAFETY: this thread has just locked it.
    unsafe { funlockfile(output) };
    true
}

/// C's standard output; null where it has no name of its own.
#[cfg(any(
    target_os = "linux",
    target_os = "android",
    target_os = "freebsd",
    target_os = "dragonfly",
    target_vendor = "apple"
))]
fn output() -> *mut libc::FILE {
    unsafe extern "C" {
        #[cfg_attr(
            any(target_os = "freebsd", target_os = "dragonfly", target_vendor = "apple"),
            link_name = "__stdoutp"
        )]
        static stdout: *mut libc::FILE;
    }
    // SAFETY: libc makes it before anything of the program runs, and nobody changes it while others print.
    unsafe { stdout }
}

#[cfg(not(any(
    target_os = "linux",
    target_os = "android",
    target_os = "freebsd",
    target_os = "dragonfly",
    target_vendor = "apple"
)))]
fn output() -> *mut libc::FILE {
    std::ptr::null_mut()
}
