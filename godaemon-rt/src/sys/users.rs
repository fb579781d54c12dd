//! Users and groups: what `getgrouplist(3)` and `setgroups(2)` do. They are not in nix on every system; the rest is.

use super::check;
use std::ffi::CStr;
use std::io;

/// The most groups that any system gives to one user.
const MOST_GROUPS: usize = 1 << 16;

/// All groups of a user, with the one that is given.
pub(crate) fn groups_of(user: &CStr, group: u32) -> Vec<u32> {
    let mut groups: Vec<libc::gid_t> = vec![0; 64];
    loop {
        let mut count = libc::c_int::try_from(groups.len()).unwrap_or(libc::c_int::MAX);
        let room = groups.as_mut_ptr().cast();
        // SAFETY: the name is a C string; there is room for `count` groups, and `count` is writable.
        let done = unsafe { libc::getgrouplist(user.as_ptr(), group as _, room, &raw mut count) };
        let count = usize::try_from(count).unwrap_or(0);
        if done != -1 || groups.len() >= MOST_GROUPS {
            groups.truncate(count);
            return groups;
        }
        // glibc says how many there are; others leave it to be found out.
        groups.resize(count.max(2 * groups.len()).min(MOST_GROUPS), 0);
    }
}

/// Sets the supplementary groups of the process.
pub(crate) fn set_groups(groups: &[u32]) -> io::Result<()> {
    // SAFETY: the list is readable and as long as said.
    check(unsafe { libc::setgroups(groups.len() as _, groups.as_ptr().cast()) }).map(drop)
}

/// The supplementary groups of the process.
pub(crate) fn groups() -> io::Result<Vec<u32>> {
    // SAFETY: with no room it only counts.
    let count = check(unsafe { libc::getgroups(0, std::ptr::null_mut()) })?;
    let mut groups: Vec<libc::gid_t> = vec![0; usize::try_from(count).unwrap_or(0)];
    // SAFETY: there is room for `count` groups.
    let count = check(unsafe { libc::getgroups(count, groups.as_mut_ptr()) })?;
    groups.truncate(usize::try_from(count).unwrap_or(0));
    Ok(groups)
}

/// All users that the process is or may become without a privilege: real, effective, and where the system tells it
/// saved.
pub(crate) fn user_ids() -> Vec<u32> {
    #[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd", target_os = "openbsd"))]
    return three(libc::getresuid);
    #[cfg(not(any(
        target_os = "linux",
        target_os = "android",
        target_os = "freebsd",
        target_os = "openbsd"
    )))]
    vec![nix::unistd::getuid().as_raw(), nix::unistd::geteuid().as_raw()]
}

/// The same of groups.
pub(crate) fn group_ids() -> Vec<u32> {
    #[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd", target_os = "openbsd"))]
    return three(libc::getresgid);
    #[cfg(not(any(
        target_os = "linux",
        target_os = "android",
        target_os = "freebsd",
        target_os = "openbsd"
    )))]
    vec![nix::unistd::getgid().as_raw(), nix::unistd::getegid().as_raw()]
}

#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd", target_os = "openbsd"))]
fn three(get: unsafe extern "C" fn(*mut u32, *mut u32, *mut u32) -> libc::c_int) -> Vec<u32> {
    let (mut real, mut effective, mut saved) = (0, 0, 0);
    // SAFETY: `getresuid` or `getresgid`; the three are writable, which is all that can fail.
    unsafe { get(&raw mut real, &raw mut effective, &raw mut saved) };
    vec![real, effective, saved]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn group_that_is_asked_with_is_among_the_groups() {
        assert!(groups_of(c"no such user", 4711).contains(&4711));
    }

    #[test]
    fn own_ids_are_among_those_of_the_process() {
        assert!(user_ids().contains(&nix::unistd::getuid().as_raw()));
        assert!(group_ids().contains(&nix::unistd::getgid().as_raw()));
        assert!(groups().is_ok());
    }
}
