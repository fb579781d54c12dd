//! The numbers that a directory of `/proc` lists, without allocation, which `opendir(3)` needs.

use super::check;
use std::ffi::CStr;
use std::io;

/// Entries as `getdents64(2)` writes them.
#[repr(C, align(8))]
struct Buffer([u8; 2048]);

/// Calls `each` for every entry of a directory whose name is a number.
pub(super) fn for_each_number(path: &CStr, mut each: impl FnMut(i32) -> io::Result<()>) -> io::Result<()> {
    let flags = libc::O_RDONLY | libc::O_DIRECTORY | libc::O_CLOEXEC;
    // SAFETY: the path is a C string.
    let directory = check(unsafe { libc::open(path.as_ptr(), flags) })?;
    let mut buffer = Buffer([0; 2048]);
    let result = loop {
        let memory = buffer.0.as_mut_ptr();
        // SAFETY: the buffer is writable, aligned for the entries, and as long as said.
        let count = unsafe { libc::syscall(libc::SYS_getdents64, directory, memory, buffer.0.len()) };
        match usize::try_from(count) {
            Ok(0) => break Ok(()),
            Ok(count) => {
                if let Err(error) = numbers(buffer.0.get(..count).unwrap_or_default(), &mut each) {
                    break Err(error);
                }
            }
            Err(_) => break Err(io::Error::last_os_error()),
        }
    };
    super::fds::close(directory);
    result
}

/// An entry is its inode (8 bytes), offset (8), length (2), type (1) and name, which ends with a zero byte.
fn numbers(mut entries: &[u8], each: &mut impl FnMut(i32) -> io::Result<()>) -> io::Result<()> {
    while let Some(&[low, high]) = entries.get(16..18) {
        let length = usize::from(u16::from_ne_bytes([low, high]));
        let Some(name) = entries.get(19..length) else { break };
        let name = name.split(|&byte| byte == 0).next().unwrap_or_default();
        if let Some(number) = std::str::from_utf8(name).ok().and_then(|name| name.parse().ok()) {
            each(number)?;
        }
        entries = entries.get(length..).unwrap_or_default();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_descriptor_is_listed() {
        let files: Vec<_> =
            (0..300).map(|_| std::fs::File::open("/dev/null").expect("null device")).collect();
        let mut listed = Vec::new();
        for_each_number(c"/proc/self/fd", |number| {
            listed.push(number);
            Ok(())
        })
        .expect("list");
        for file in files {
            assert!(listed.contains(&std::os::fd::AsRawFd::as_raw_fd(&file)));
        }
    }

    #[test]
    fn cut_entries_end_the_list() {
        let mut calls = 0;
        for length in 0..24 {
            let entry = [1; 24];
            let entries = entry.get(..length).unwrap_or_default();
            numbers(entries, &mut |_| {
                calls += 1;
                Ok(())
            })
            .expect("no error");
        }
        assert_eq!(calls, 0);
    }
}
