//! Users and groups: of the database (`getpwnam_r(3)`, `getgrnam_r(3)`, `getgrouplist(3)`), and of this process
//! (`setuid(2)`, `setgroups(2)`).

use super::check;
use std::ffi::{CStr, c_char, c_int};
use std::io;
use std::mem::MaybeUninit;

/// The most groups that any system gives to one user.
const MOST_GROUPS: usize = 1 << 16;

/// The most room that an entry of the database may take, in bytes.
const MOST_ROOM: usize = 1 << 20;

/// What the database says about a user.
pub(crate) struct User {
    pub(crate) number: u32,
    pub(crate) group: u32,
    pub(crate) name: Vec<u8>,
    pub(crate) home: Vec<u8>,
}

/// The user of this name.
pub(crate) fn user_named(name: &CStr) -> io::Result<Option<User>> {
    // SAFETY: the name is a C string, and `look_up` describes the rest.
    look_up(
        |entry, room, size, found| unsafe { libc::getpwnam_r(name.as_ptr(), entry, room, size, found) },
        user,
    )
}

/// The user of this number.
pub(crate) fn user_numbered(number: u32) -> io::Result<Option<User>> {
    // SAFETY: `look_up` describes what is written to.
    look_up(|entry, room, size, found| unsafe { libc::getpwuid_r(number, entry, room, size, found) }, user)
}

/// The number of the group of this name.
pub(crate) fn group_named(name: &CStr) -> io::Result<Option<u32>> {
    // SAFETY: the name is a C string, and `look_up` describes the rest.
    look_up(
        |entry, room, size, found| unsafe { libc::getgrnam_r(name.as_ptr(), entry, room, size, found) },
        |entry| entry.gr_gid,
    )
}

fn user(entry: &libc::passwd) -> User {
    let bytes = |string: *const c_char| match string.is_null() {
        true => Vec::new(),
        // SAFETY: what is there is a C string, as long as the entry's room, which outlives this call.
        false => unsafe { CStr::from_ptr(string) }.to_bytes().to_vec(),
    };
    User { number: entry.pw_uid, group: entry.pw_gid, name: bytes(entry.pw_name), home: bytes(entry.pw_dir) }
}

/// Asks the database for an entry, with ever more room for its strings. `ask` gets an entry and the room to write to,
/// the size of the room, and where to write the address of the entry if there is one.
fn look_up<E, T>(
    ask: impl Fn(*mut E, *mut c_char, usize, *mut *mut E) -> c_int,
    read: impl FnOnce(&E) -> T,
) -> io::Result<Option<T>> {
    let mut room: Vec<c_char> = vec![0; 1024];
    loop {
        let (mut entry, mut found) = (MaybeUninit::uninit(), std::ptr::null_mut());
        match ask(entry.as_mut_ptr(), room.as_mut_ptr(), room.len(), &raw mut found) {
            0 if found.is_null() => return Ok(None),
            // SAFETY: the entry was found, and is in `entry`, its strings in `room`.
            0 => return Ok(Some(read(unsafe { &*found }))),
            libc::ERANGE if room.len() < MOST_ROOM => room.resize(2 * room.len(), 0),
            libc::EINTR => {}
            // Which errors say that there is none differs between systems; see getpwnam(3).
            libc::ENOENT | libc::ESRCH | libc::EBADF | libc::EPERM => return Ok(None),
            errno => return Err(io::Error::from_raw_os_error(errno)),
        }
    }
}

/// Sets the group of the process; for root all of real, effective and saved.
pub(crate) fn set_group(group: u32) -> io::Result<()> {
    // SAFETY: no memory is involved.
    check(unsafe { libc::setgid(group) }).map(drop)
}

/// Sets the user of the process; for root all of real, effective and saved.
pub(crate) fn set_user(user: u32) -> io::Result<()> {
    // SAFETY: no memory is involved.
    check(unsafe { libc::setuid(user) }).map(drop)
}

/// Sets the effective group only.
pub(crate) fn set_effective_group(group: u32) -> io::Result<()> {
    // SAFETY: no memory is involved.
    check(unsafe { libc::setegid(group) }).map(drop)
}

/// Sets the effective user only.
pub(crate) fn set_effective_user(user: u32) -> io::Result<()> {
    // SAFETY: no memory is involved.
    check(unsafe { libc::seteuid(user) }).map(drop)
}

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
    // SAFETY: cannot fail.
    vec![unsafe { libc::getuid() }, super::process::effective_user()]
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
    {
        // SAFETY: cannot fail.
        let real = unsafe { libc::getgid() };
        // SAFETY: likewise.
        vec![real, unsafe { libc::getegid() }]
    }
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
        assert!(user_ids().contains(&super::super::process::effective_user()));
        assert!(!group_ids().is_empty());
        assert!(groups().is_ok());
    }

    #[test]
    fn root_is_in_the_database_by_name_and_number() {
        let root = user_numbered(0).expect("looked up").expect("found");
        let named = user_named(c"root").expect("looked up").expect("found");
        assert_eq!((named.number, &named.name), (0, &root.name));
        assert_eq!(root.name, b"root");
    }

    #[test]
    fn who_is_not_in_the_database_is_not_found() {
        assert!(user_named(c"no such user").expect("looked up").is_none());
        assert!(group_named(c"no such group").expect("looked up").is_none());
        assert!(user_numbered(u32::MAX - 7).expect("looked up").is_none());
    }
}
