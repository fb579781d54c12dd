//! How the program was launched: by which name, from which directory, by whom.

use crate::error::{Error, ErrorKind};
use crate::sys::{memory, process};
use std::ffi::{CStr, CString, OsStr};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

static DIRECTORY: OnceLock<Option<PathBuf>> = OnceLock::new();

/// Looks at the current directory before anything changes it.
pub(crate) fn remember_directory() {
    DIRECTORY.get_or_init(|| std::env::current_dir().ok());
}

/// The directory of the launch, if this process has left it since. The copies start there, whatever the parent did.
pub(crate) fn directory_to_go_back_to() -> Option<CString> {
    let launched = DIRECTORY.get()?.as_ref()?;
    if std::env::current_dir().is_ok_and(|now| now.as_os_str() == launched.as_os_str()) {
        return None;
    }
    CString::new(launched.as_os_str().as_bytes()).ok()
}

/// The directory from which the user started the program; `None` if it was deleted.
///
/// In the daemon, which works elsewhere, relative paths of the command line are to be joined to it. It is looked up
/// at the beginning of `main` under the attribute, and by the first call into this library otherwise.
///
/// ```
/// # use godaemon_rt as godaemon;
/// let config = godaemon::launch_dir().map(|dir| dir.join("app.conf"));
/// # assert!(config.is_some());
/// ```
#[must_use]
pub fn launch_dir() -> Option<&'static Path> {
    crate::stage::enter();
    DIRECTORY.get()?.as_deref()
}

/// Whether a supervisor started this process and watches over it, so that it should stay in the foreground: it is
/// process 1, as in a container, or a service of systemd with `Type=notify`.
///
/// That is: `NOTIFY_SOCKET` is set, and `SYSTEMD_EXEC_PID`, if it is set, is this process; a process that a service
/// starts is not supervised itself. Some cannot be told from others by that, and can be helped:
///
/// | what | is taken for | help |
/// |---|---|---|
/// | `Type=simple`, `Type=exec`, `docker run --init`, runit, s6 | not supervised | give the program a `--foreground` |
/// | `Type=forking` or `oneshot` with `NotifyAccess=` or `WatchdogSec=` | `Type=notify` | leave them out, or `UnsetEnvironment=NOTIFY_SOCKET` |
/// | a shell in a container of `systemd-nspawn`, which has `NOTIFY_SOCKET` | `Type=notify` | `env -u NOTIFY_SOCKET echod` |
///
/// ```
/// # use godaemon_rt as godaemon;
/// assert!(!godaemon::supervised());
/// ```
#[must_use]
pub fn supervised() -> bool {
    let pid = process::own();
    let is_watched = || std::env::var_os("NOTIFY_SOCKET").is_some_and(|socket| !socket.is_empty());
    let is_main = || {
        std::env::var_os("SYSTEMD_EXEC_PID").is_none_or(|main| main.as_os_str() == pid.to_string().as_str())
    };
    pid == 1 || (is_watched() && is_main())
}

/// Reads a symbolic link, and cuts what it reads at the first zero byte: old kernels returned more than there was.
///
/// # Errors
///
/// `readlink(2)` failed: `path` does not exist, is no symbolic link, or cannot be reached. The error has operation
/// and path in its text, and the system's words as its source.
///
/// ```
/// # use godaemon_rt as godaemon;
/// let executable = godaemon::read_link("/proc/self/exe")?;
/// assert!(executable.is_absolute());
/// # Ok::<(), godaemon::Error>(())
/// ```
pub fn read_link(path: impl AsRef<Path>) -> Result<PathBuf, Error> {
    let path = path.as_ref();
    match std::fs::read_link(path) {
        Ok(target) => {
            let mut target = target.into_os_string().into_vec();
            let end = target.iter().position(|&byte| byte == 0).unwrap_or(target.len());
            target.truncate(end);
            Ok(PathBuf::from(std::ffi::OsString::from_vec(target)))
        }
        Err(error) => {
            Err(Error::new(ErrorKind::System, format!("readlink {}", path.display())).because(error))
        }
    }
}

/// What stands behind the last slash of a path.
pub(crate) fn last_component(path: &CStr) -> &[u8] {
    last_component_of(path).to_bytes()
}

/// What stands behind the last slash of a path, still with its zero byte.
pub(crate) fn last_component_of(path: &CStr) -> &CStr {
    let bytes = path.to_bytes_with_nul();
    let start = bytes.iter().rposition(|&byte| byte == b'/').map_or(0, |slash| slash + 1);
    bytes.get(start..).and_then(|name| CStr::from_bytes_with_nul(name).ok()).unwrap_or(path)
}

static PROGRAM_NAME: OnceLock<String> = OnceLock::new();

/// Sets the name of the program in messages.
pub(crate) fn set_program_name(name: &OsStr) {
    PROGRAM_NAME.get_or_init(|| name.to_string_lossy().into_owned());
}

/// The name of the program in messages: the one that was set, else the last component of its first argument, else of
/// its executable.
pub(crate) fn program_name() -> String {
    if let Some(name) = PROGRAM_NAME.get() {
        return name.clone();
    }
    let argument = memory::argument_strings().next().map(last_component).filter(|name| !name.is_empty());
    match argument {
        Some(name) => String::from_utf8_lossy(name).into_owned(),
        None => std::env::current_exe()
            .ok()
            .as_deref()
            .and_then(Path::file_name)
            .map_or_else(|| "daemon".to_owned(), |name| name.to_string_lossy().into_owned()),
    }
}

/// The name of the process that `ps -o comm` is to show: what the kernel would have made of the path by which the
/// parent was run, unless that was a link of the system's own.
pub(crate) fn process_name(program_name: Option<&OsStr>) -> Vec<u8> {
    if let Some(name) = program_name {
        let name = name.as_bytes().rsplit(|&byte| byte == b'/').find(|name| !name.is_empty());
        return name.unwrap_or_default().to_vec();
    }
    let by_system =
        |path: &&CStr| path.to_bytes().starts_with(b"/proc/") || path.to_bytes().starts_with(b"/dev/fd/");
    let executed = memory::executed_path().filter(|path| !by_system(path));
    match executed.map(last_component).filter(|name| !name.is_empty()) {
        Some(name) => name.to_vec(),
        None => program_name_bytes(),
    }
}

fn program_name_bytes() -> Vec<u8> {
    match memory::argument_strings().next().map(last_component) {
        Some(name) if !name.is_empty() => name.to_vec(),
        _ => program_name().into_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_components() {
        for (path, name) in
            [(c"/usr/bin/echod", "echod"), (c"echod", "echod"), (c"./echod", "echod"), (c"a/", "")]
        {
            assert_eq!(last_component(path), name.as_bytes());
        }
    }

    #[test]
    fn process_name_is_the_last_component_of_a_given_name() {
        assert_eq!(process_name(Some(OsStr::new("/opt/echod"))), b"echod");
        assert_eq!(process_name(Some(OsStr::new("echod"))), b"echod");
        assert_eq!(process_name(Some(OsStr::new("echod/"))), b"echod");
    }

    #[test]
    fn own_name_is_that_of_the_executable() {
        let executable = read_link("/proc/self/exe").expect("own executable");
        assert_eq!(process_name(None), executable.file_name().expect("a name").as_bytes());
    }

    #[test]
    fn read_link_says_operation_path_and_reason() {
        let error = read_link("/").expect_err("no link");
        assert_eq!(error.to_string(), "readlink /");
        assert!(std::error::Error::source(&error).is_some());
    }
}
