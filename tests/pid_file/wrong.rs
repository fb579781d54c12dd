//! What is no pid file stays as it is, and the user is told at once.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs::{self, File},
    io::Read,
    os::unix::{
        fs::{MetadataExt, OpenOptionsExt, symlink},
        net::UnixListener,
    },
    path::{Path, PathBuf},
    process,
};

use godaemon::PidFile;
use nix::{sys::stat::Mode, unistd::mkfifo};
use support::{Case, Launch, program, skip};

use crate::{
    assert_failed, assert_holds, folder_for_all, has_ordinary_user, keeper, kill, obeying, pid_path,
    set_mode, start, traced::Traced, write,
};

/// What a look from outside can see of a file, or of a link to one.
#[derive(Debug, PartialEq)]
struct Look {
    file: (u64, u64),
    mode: u32,
    owner: (u32, u32),
    size: u64,
    modified: (i64, i64),
    /// Of the content, the mode, the owner, the number of names.
    changed: (i64, i64),
    content: Option<String>,
}

impl Look {
    fn at(path: &Path) -> Self {
        let file = fs::symlink_metadata(path).unwrap();
        Self {
            file: (file.dev(), file.ino()),
            mode: file.mode(),
            owner: (file.uid(), file.gid()),
            size: file.size(),
            modified: (file.mtime(), file.mtime_nsec()),
            changed: (file.ctime(), file.ctime_nsec()),
            content: file.is_file().then(|| fs::read(path).unwrap().escape_ascii().to_string()),
        }
    }
}

/// Without the program, to which other tests give more names meanwhile.
fn names_in(folder: &Path) -> BTreeSet<OsString> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name != "keeper").collect()
}

/// The start is refused for this reason, and nothing in the folder is another than before.
#[track_caller]
fn assert_refused(case: &Case, launch: Launch<'_>, path: &Path, reason: &str) {
    let folder = path.parent().unwrap();
    let look = || -> Vec<_> {
        let names = if folder.is_dir() { names_in(folder) } else { BTreeSet::new() };
        names.into_iter().map(|name| (Look::at(&folder.join(&name)), name)).collect()
    };
    let before = look();
    let line = format!("keeper: cannot open the pid file {}: {reason}", path.display());
    assert_failed(&launch.run(), &line, 73);
    assert_eq!(look(), before);
    case.wait_until_empty();
}

/// The same for somebody who only asks. Links and the like are told from a daemon that does not run.
#[track_caller]
fn assert_no_answer(path: &Path) {
    let pid_file = PidFile::new(path);
    assert!(pid_file.running().is_err());
    assert!(pid_file.signal(0).is_err());
}

const NO_NUMBER: &str = "it holds something other than a process number";

#[test]
fn file_that_holds_no_number_is_untouched() {
    let texts: [&[u8]; 13] = [
        b"[server]\nport = 80\n",
        b"80 # port\n",
        b"4711\n4712\n",
        b"4711 keeper\n",
        b"-4711\n",
        b"+4711\n",
        b"0x1267\n",
        b"47.11\n",
        b"\0\0\0\0\0\0\0\0",
        b"4711\0",
        "４７１１\n".as_bytes(),
        b"\xff\xfe",
        &[b'7'; 5000],
    ];
    for text in texts {
        let case = Case::new();
        let path = case.folder().join("app.conf");
        write(&path, text);
        let launch = keeper(&case, &path);
        assert_refused(&case, launch, &path, NO_NUMBER);
        assert_no_answer(&path);
    }
}

#[test]
fn huge_file_is_untouched_and_not_read_to_its_end() {
    let case = Case::new();
    let path = case.folder().join("image");
    // With holes: this takes no room.
    File::create(&path).unwrap().set_len(1 << 40).unwrap();
    let before = fs::metadata(&path).unwrap();
    let line = format!("keeper: cannot open the pid file {}: {NO_NUMBER}", path.display());
    assert_failed(&keeper(&case, &path).run(), &line, 73);
    let after = fs::metadata(&path).unwrap();
    assert_eq!((after.len(), after.modified().unwrap()), (before.len(), before.modified().unwrap()));
    assert_no_answer(&path);
}

#[test]
fn config_file_is_untouched_in_the_foreground_too() {
    let case = Case::new();
    let path = case.folder().join("app.conf");
    write(&path, "port = 80\n");
    let launch = keeper(&case, &path).env("FOREGROUND=");
    assert_refused(&case, launch, &path, NO_NUMBER);
}

#[test]
fn link_is_refused_and_what_it_leads_to_untouched() {
    for content in [Some("4711\n"), Some(""), Some("port = 80\n"), None] {
        let case = Case::new();
        let (path, target) = (pid_path(&case), case.folder().join("target"));
        if let Some(content) = content {
            write(&target, content);
        }
        symlink("target", &path).unwrap();
        let launch = keeper(&case, &path);
        // Compares all that is in the folder: of a target that is not there nothing is made.
        assert_refused(&case, launch, &path, "it is a symbolic link");
        assert_no_answer(&path);
    }
}

#[test]
fn link_to_the_file_of_a_daemon_is_refused() {
    let case = Case::new();
    let (path, link) = (pid_path(&case), case.folder().join("link"));
    let daemon = start(&case, &path);
    symlink("pid", &link).unwrap();
    let line = format!("keeper: cannot open the pid file {}: it is a symbolic link", link.display());
    assert_failed(&keeper(&case, &link).run(), &line, 73);
    assert_holds(&path, daemon);
}

#[test]
fn fifo_is_refused_at_once() {
    let case = Case::new();
    let path = pid_path(&case);
    mkfifo(&path, Mode::from_bits_truncate(0o644)).unwrap();
    let launch = keeper(&case, &path);
    // Whoever waits for another end waits for ever.
    assert_refused(&case, launch, &path, "it is a FIFO");
    assert_no_answer(&path);
}

#[test]
fn fifo_with_a_reader_gets_nothing() {
    let case = Case::new();
    let path = pid_path(&case);
    mkfifo(&path, Mode::from_bits_truncate(0o644)).unwrap();
    let mut reader = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(&path).unwrap();
    let launch = keeper(&case, &path);
    assert_refused(&case, launch, &path, "it is a FIFO");
    assert_no_answer(&path);
    assert_eq!(reader.read(&mut [0]).unwrap(), 0);
}

#[test]
fn what_comes_in_the_last_moment_is_refused_at_once_too() {
    let comes: [fn(&Path); 2] = [
        |path| mkfifo(path, Mode::from_bits_truncate(0o644)).unwrap(),
        |path| symlink("target", path).unwrap(),
    ];
    for come in comes {
        for is_start in [true, false] {
            let case = Case::new();
            let (path, target) = (pid_path(&case), case.folder().join("target"));
            write(&path, "");
            write(&target, "port = 80\n");
            let before = Look::at(&target);
            let query = case.program(program!("pid_client")).arg("running").arg(&path);
            let launch = if is_start { keeper(&case, &path) } else { query };
            let Some((running, mut traced)) = Traced::start(launch) else { return };
            traced.go_to_open(&path);
            if is_start {
                // The first time it would have made a file.
                traced.go_to_open(&path);
            }
            fs::remove_file(&path).unwrap();
            come(&path);
            traced.let_go();
            let outcome = running.wait();
            if is_start {
                assert_eq!(outcome.status.code(), Some(73), "{outcome:?}");
            } else {
                assert!(outcome.stdout.starts_with(b"Err("), "{outcome:?}");
            }
            assert_eq!(Look::at(&target), before);
        }
    }
}

#[test]
fn directory_is_refused() {
    let case = Case::new();
    let path = pid_path(&case);
    fs::create_dir(&path).unwrap();
    let launch = keeper(&case, &path);
    assert_refused(&case, launch, &path, "it is a directory");
    assert_no_answer(&path);
}

#[test]
fn socket_is_refused() {
    let case = Case::new();
    let path = pid_path(&case);
    let listener = UnixListener::bind(&path).unwrap();
    listener.set_nonblocking(true).unwrap();
    let launch = keeper(&case, &path);
    assert_refused(&case, launch, &path, "it is a socket");
    assert_no_answer(&path);
    assert!(listener.accept().is_err(), "somebody called");
}

#[test]
fn device_is_refused() {
    for device in ["/dev/null", "/dev/full"] {
        let case = Case::new();
        let path = Path::new(device);
        let before = (Look::at(path).file, Look::at(path).mode);
        let line = format!("keeper: cannot open the pid file {device}: it is a device");
        assert_failed(&keeper(&case, path).run(), &line, 73);
        assert_eq!((Look::at(path).file, Look::at(path).mode), before);
        case.wait_until_empty();
        assert_no_answer(path);
    }
}

#[test]
fn missing_folder_is_an_error_and_is_not_made() {
    let case = Case::new();
    let path = case.folder().join("no/pid");
    let launch = keeper(&case, &path);
    assert_refused(&case, launch, &path, "No such file or directory (os error 2)");
    assert!(!case.folder().join("no").exists());
}

#[test]
fn file_as_a_folder_is_an_error() {
    let case = Case::new();
    write(&pid_path(&case), "4711\n");
    let path = pid_path(&case).join("pid");
    let launch = keeper(&case, &path);
    assert_refused(&case, launch, &path, "Not a directory (os error 20)");
    assert_eq!(fs::read(pid_path(&case)).unwrap(), b"4711\n");
}

#[test]
fn path_of_no_file_is_an_error() {
    let long = "x".repeat(5000);
    for path in ["", ".", "..", "/", "missing/", "../", long.as_str()] {
        let case = Case::new();
        let outcome = keeper(&case, Path::new(path)).run();
        assert_eq!(outcome.status.code(), Some(73), "{path}: {outcome:?}");
        assert!(outcome.stderr.starts_with(b"keeper: cannot open the pid file "), "{path}: {outcome:?}");
        assert_eq!(names_in(case.folder()), BTreeSet::new(), "{path}");
        case.wait_until_empty();
        assert!(!matches!(PidFile::new(path).running(), Ok(Some(_))), "{path}");
    }
}

#[test]
fn folder_without_the_right_to_write_is_an_error() {
    let case = Case::new();
    if !has_ordinary_user(&case) {
        return;
    }
    let folder = folder_for_all(&case);
    set_mode(&folder, 0o555);
    let path = folder.join("pid");
    let launch = keeper(&case, &path).unprivileged();
    assert_refused(&case, launch, &path, "Permission denied (os error 13)");
    set_mode(&folder, 0o777);
}

#[test]
fn file_without_the_right_to_write_is_untouched() {
    let case = Case::new();
    if !has_ordinary_user(&case) {
        return;
    }
    // As root this is another user's file.
    let path = folder_for_all(&case).join("pid");
    write(&path, "4711\n");
    set_mode(&path, 0o444);
    let launch = keeper(&case, &path).unprivileged();
    assert_refused(&case, launch, &path, "Permission denied (os error 13)");
    // Asking is allowed.
    assert_eq!(PidFile::new(&path).running().unwrap(), None);
}

#[test]
fn full_disk_is_an_error_and_nothing_is_left() {
    if !support::is_root() {
        return skip("only root has mounts of its own");
    }
    let case = Case::new();
    let disk = case.folder().join("disk");
    fs::create_dir(&disk).unwrap();
    let path = disk.join("pid");
    // The names that are left are told after the start's own line.
    let script = r#"head -c 1M /dev/zero 2>/dev/null >"$2/full"; "$0" "$1"; echo $?; ls "$2""#;
    let program = keeper(&case, &path).path().to_owned();
    let outcome = case
        .command("/bin/sh")
        .first(["namespace", "mount", "tmpfs", disk.to_str().unwrap(), "size=16k"])
        .arg("-c")
        .arg(script)
        .arg(program)
        .arg(&path)
        .arg(&disk)
        .run();
    let line = format!(
        "keeper: cannot write the pid file {}: No space left on device (os error 28)\n",
        path.display()
    );
    assert_eq!(String::from_utf8_lossy(&outcome.stderr), line);
    assert_eq!(String::from_utf8_lossy(&outcome.stdout), "73\nfull\n");
    support::errors::assert_documented(line.trim_end().split_once(": ").unwrap().1, 73);
    case.wait_until_empty();
}

/// Removed at the end of the test, whatever that is.
struct Elsewhere(PathBuf);

impl Drop for Elsewhere {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[test]
fn other_file_system_is_as_good() {
    let case = Case::new();
    let memory = Path::new("/dev/shm");
    let device = |path: &Path| fs::metadata(path).map(|folder| folder.dev()).ok();
    if device(memory).is_none_or(|device_of_memory| Some(device_of_memory) == device(case.folder())) {
        return skip("there is no other file system");
    }
    let elsewhere = Elsewhere(memory.join(format!("godaemon-tests-{}.pid", process::id())));
    let path = elsewhere.0.as_path();
    let daemon = obeying(&case, path);
    let process = daemon.process();
    assert_holds(path, process);
    crate::assert_already_running(&keeper(&case, path).run(), path, process);
    daemon.go();
    support::wait_for_end(process.0);
    assert!(!path.exists());
    let killed = start(&case, path);
    kill(killed);
    assert_holds(path, start(&case, path));
}

#[test]
fn file_that_the_system_makes_up_is_no_pid_file() {
    let case = Case::new();
    // Digits, of which no length is told; and each process has its own.
    let path = Path::new("/proc/self/coredump_filter");
    let reason = "it holds something other than a process number";
    let line = format!("keeper: cannot open the pid file {}: {reason}", path.display());
    assert_failed(&keeper(&case, path).run(), &line, 73);
}
