//! Finding a byte among many, as fast as the system's library does.

/// Where a byte is first (`memchr(3)`).
pub(crate) fn find(byte: u8, bytes: &[u8]) -> Option<usize> {
    // SAFETY: the bytes are readable, and as many as said.
    let found = unsafe { libc::memchr(bytes.as_ptr().cast(), byte.into(), bytes.len()) };
    position(found, bytes)
}

/// Where a byte is last (`memrchr(3)`).
pub(crate) fn find_last(byte: u8, bytes: &[u8]) -> Option<usize> {
    #[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
    {
        // SAFETY: the bytes are readable, and as many as said.
        let found = unsafe { libc::memrchr(bytes.as_ptr().cast(), byte.into(), bytes.len()) };
        position(found, bytes)
    }
    #[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
    bytes.iter().rposition(|&one| one == byte)
}

fn position(found: *const libc::c_void, bytes: &[u8]) -> Option<usize> {
    (!found.is_null()).then(|| found.addr() - bytes.as_ptr().addr())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_is_found_where_it_is_first_and_last() {
        let bytes = b"one two one";
        assert_eq!(find(b'o', bytes), Some(0));
        assert_eq!(find_last(b'o', bytes), Some(8));
        assert_eq!((find(b'x', bytes), find_last(b'x', bytes)), (None, None));
        assert_eq!((find(b'x', b""), find_last(b'x', b"")), (None, None));
    }
}
