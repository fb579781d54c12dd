//! What somebody may have put at the path of a log file: it is refused at once, and nothing of it is written, created
//! or given away.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions, Permissions},
    os::unix::{
        fs::{MetadataExt, OpenOptionsExt, PermissionsExt, symlink},
        net::UnixListener,
    },
    path::Path,
    time::{Duration, Instant},
};

use nix::{sys::stat::Mode, unistd::mkfifo};
use support::{Case, Launch, Terminal, is_root, skip};

use crate::{Closed, ONE_FILE, exists, folder, mode, printer, read, with};

/// Everything in a folder but the program, which other tests link to: kind, mode and owner, size, and the time of the
/// last change to any of that.
fn contents(folder: &Path) -> BTreeMap<String, Vec<i64>> {
    let entry = |entry: fs::DirEntry| {
        let file = fs::symlink_metadata(entry.path()).unwrap();
        let numbers = [i64::from(file.mode()), file.uid().into(), file.gid().into()];
        let rest = [file.size().cast_signed(), file.nlink().cast_signed(), file.ctime(), file.ctime_nsec()];
        (entry.file_name().into_string().unwrap(), [&numbers[..], &rest].concat())
    };
    let all = fs::read_dir(folder).unwrap().map(|it| entry(it.unwrap()));
    all.filter(|(name, _)| name != "printer").collect()
}

/// What a daemon is told that should not come so far. Its `files` would leave one behind.
const REST: [&str; 3] = ["--file=made", "println=text", "ready"];

/// The start is refused with this reason for the file `log`, and has left all as it was.
#[track_caller]
fn assert_refused(case: &Case, launch: Launch<'_>, name: &str, why: &str) {
    let before = contents(case.folder());
    let outcome = launch.run();
    let path = case.folder().join(name);
    let expected = [name.to_owned(), path.display().to_string()]
        .map(|path| format!("printer: cannot open the log file {path}: {why}"));
    assert!(expected.iter().any(|line| line == outcome.failure()), "{outcome:?}, and not {expected:?}");
    assert_eq!((outcome.status.code(), outcome.stdout.as_slice()), (Some(73), b"".as_slice()));
    assert_eq!(contents(case.folder()), before);
    case.wait_until_empty();
}

/// Each way in which the file `log` is opened.
const OPTIONS: [&[&str]; 3] = [&["--stdout=log"], &["--stderr=log"], &ONE_FILE];

/// As root the daemon would become another user, to whom nothing is given that is not new.
fn user() -> Vec<&'static str> {
    if is_root() { vec!["--user=42001", "--group=42002"] } else { Vec::new() }
}

#[track_caller]
fn assert_all_refused(prepare: impl Fn(&Case), why: &str) {
    for options in OPTIONS {
        let case = Case::new();
        prepare(&case);
        let launch = printer(&case, &with(&with(options, &user()), &REST));
        assert_refused(&case, launch, "log", why);
    }
}

#[test]
fn symbolic_link_is_refused() {
    let to_file = |case: &Case| {
        fs::write(case.folder().join("target"), "a secret").unwrap();
        symlink("target", case.folder().join("log")).unwrap();
    };
    assert_all_refused(to_file, "it is a symbolic link");
}

#[test]
fn symbolic_link_to_nothing_is_refused_and_makes_nothing() {
    let to_nothing = |case: &Case| symlink("target", case.folder().join("log")).unwrap();
    assert_all_refused(to_nothing, "it is a symbolic link");
}

#[test]
fn symbolic_link_to_a_device_is_refused() {
    // It is nobody's loss should something be changed about this one.
    let terminal = Terminal::new();
    let to_device = |case: &Case| symlink(terminal.path(), case.folder().join("log")).unwrap();
    assert_all_refused(to_device, "it is a symbolic link");
}

#[test]
fn fifo_is_refused_at_once() {
    let fifo = |case: &Case| mkfifo(&case.folder().join("log"), Mode::S_IRWXU).unwrap();
    assert_all_refused(fifo, "it is a FIFO");
}

#[test]
fn fifo_with_a_reader_is_refused_and_nothing_comes_out_of_it() {
    for options in OPTIONS {
        let case = Case::new();
        let path = case.folder().join("log");
        mkfifo(&path, Mode::S_IRWXU).unwrap();
        let mut reader = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(&path).unwrap();
        let launch = printer(&case, &with(&with(options, &user()), &REST));
        assert_refused(&case, launch, "log", "it is a FIFO");
        assert_eq!(std::io::Read::read(&mut reader, &mut [0; 16]).unwrap(), 0);
    }
}

#[test]
fn directory_is_refused() {
    assert_all_refused(|case| fs::create_dir(case.folder().join("log")).unwrap(), "it is a directory");
}

#[test]
fn socket_is_refused() {
    let socket = |case: &Case| drop(UnixListener::bind(case.folder().join("log")).unwrap());
    assert_all_refused(socket, "it is a socket");
}

#[test]
fn second_name_of_a_file_is_refused_for_root() {
    if !is_root() {
        return skip("an ordinary user may do what he likes with his own files");
    }
    let second_name = |case: &Case| {
        fs::write(case.folder().join("target"), "a secret").unwrap();
        fs::hard_link(case.folder().join("target"), case.folder().join("log")).unwrap();
    };
    assert_all_refused(second_name, "it has another name (a hard link), which root does not follow");
}

#[test]
fn second_name_of_a_file_is_fine_for_an_ordinary_user() {
    let case = Case::new();
    if is_root() && !case.is_open_to_all() {
        return skip("an ordinary user cannot get here");
    }
    let logs = folder(&case, "logs", 0o777);
    fs::write(logs.join("target"), "").unwrap();
    fs::set_permissions(logs.join("target"), Permissions::from_mode(0o666)).unwrap();
    fs::hard_link(logs.join("target"), logs.join("log")).unwrap();
    let args = ["--stdout=logs/log", "println=text", "ready", "stop=up"];
    let _daemon = printer(&case, &args).unprivileged().daemon();
    assert_eq!(read(&case, "logs/target"), "text\n");
}

#[test]
fn missing_folder_is_a_clear_error() {
    let case = Case::new();
    let launch = printer(&case, &with(&["--stdout=no/such/log"], &REST));
    assert_refused(&case, launch, "no/such/log", "No such file or directory (os error 2)");
    let case = Case::new();
    fs::write(case.folder().join("file"), "").unwrap();
    let launch = printer(&case, &with(&["--stderr=file/log"], &REST));
    assert_refused(&case, launch, "file/log", "Not a directory (os error 20)");
}

#[test]
fn folder_or_file_without_permission_is_a_clear_error() {
    let case = Case::new();
    if is_root() && !case.is_open_to_all() {
        return skip("an ordinary user cannot get here");
    }
    let why = "Permission denied (os error 13)";
    let _logs = Closed::new(&case, "logs", 0o555);
    let launch = printer(&case, &with(&["--stdout=logs/log"], &REST)).unprivileged();
    assert_refused(&case, launch, "logs/log", why);
    fs::write(case.folder().join("log"), "of yesterday\n").unwrap();
    fs::set_permissions(case.folder().join("log"), Permissions::from_mode(0o444)).unwrap();
    let launch = printer(&case, &with(&["--stderr=log"], &REST)).unprivileged();
    assert_refused(&case, launch, "log", why);
    let _hidden = Closed::new(&case, "hidden", 0o000);
    let launch = printer(&case, &with(&["--stderr=hidden/log"], &REST)).unprivileged();
    assert_refused(&case, launch, "hidden/log", why);
}

#[test]
fn file_that_was_made_stays_when_the_second_is_refused() {
    let case = Case::new();
    symlink("target", case.folder().join("err")).unwrap();
    let outcome = printer(&case, &with(&["--stdout=out", "--stderr=err"], &REST)).run();
    assert!(outcome.failure().ends_with("err: it is a symbolic link"), "{outcome:?}");
    assert_eq!((read(&case, "out"), mode(&case.folder().join("out"))), (String::new(), 0o640));
    assert!(!exists(&case, "target") && !exists(&case, "made"));
    case.wait_until_empty();
}

#[test]
fn link_in_the_way_to_the_file_is_followed() {
    let case = Case::new();
    folder(&case, "logs", 0o755);
    symlink("logs", case.folder().join("link")).unwrap();
    let _daemon = printer(&case, &["--stdout=link/log", "println=text", "ready", "stop=up"]).daemon();
    assert_eq!(read(&case, "logs/log"), "text\n");
}

/// For a start, on any machine.
const LONG: Duration = Duration::from_secs(30);

/// Whoever owns the folder of a log may put anything there, at any time.
#[test]
fn nothing_outside_is_given_away_while_the_owner_of_the_folder_plays_tricks() {
    if !is_root() {
        return skip("an ordinary user has nothing to give away");
    }
    let case = Case::new();
    let secret = case.folder().join("secret");
    fs::write(&secret, "a secret").unwrap();
    fs::set_permissions(&secret, Permissions::from_mode(0o600)).unwrap();
    let log = case.folder().join("log");
    // The parent may have made a file just before.
    let link = || drop(symlink(&secret, &log));
    let second_name = || drop(fs::hard_link(&secret, &log));
    let file = || drop(File::create_new(&log));
    let tricks: [&dyn Fn(); 4] = [&second_name, &link, &second_name, &file];
    let mut refused = 0;
    for number in 0..60 {
        let play = || {
            for turn in number..number + 20 {
                let _ = fs::remove_file(&log);
                tricks[turn % tricks.len()]();
            }
        };
        // From before the start, which may be over before this thread has its next turn, until the parent has come to an
        // end, wherever it is at the time.
        play();
        let parent = printer(&case, &with(&with(&ONE_FILE, &user()), &["println=text", "ready"])).spawn();
        let begin = Instant::now();
        while parent.process().is_alive() {
            assert!(begin.elapsed() < LONG, "the parent waits for somebody");
            play();
        }
        refused += i32::from(parent.wait().status.code() == Some(73));
        let file = fs::metadata(&secret).unwrap();
        assert_eq!((file.uid(), file.gid(), file.mode() & 0o7777), (0, 0, 0o600));
        assert_eq!(fs::read_to_string(&secret).unwrap(), "a secret");
    }
    assert!(refused > 0, "no trick came in time");
}

#[test]
fn pid_file_is_refused_as_a_log_file() {
    let case = Case::new();
    let path = case.folder().join("same");
    for stream in ["stdout", "stderr"] {
        let stream = format!("--{stream}=same");
        let outcome = printer(&case, &[&stream, "--pid-file=./same", "ready"]).run();
        let line = format!("printer: cannot open the log file {}: it is the pid file", path.display());
        assert_eq!((outcome.failure(), outcome.status.code()), (line.as_str(), Some(73)));
        case.wait_until_empty();
        assert!(!path.exists());
    }
}
