//! Devices as log files.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::PathBuf,
};

use nix::sys::stat::{Mode, SFlag, makedev, mknod};
use support::{Case, Terminal, is_root, skip};

use crate::{printer, read};

/// What `/dev/null` and its like are, by their second number.
const NULL: u64 = 3;
const FULL: u64 = 7;

/// Such a device. As root it is another one of the kind: nobody should find out by a failed test that the system's own
/// was given away. `None` where there cannot be one.
fn device(case: &Case, number: u64) -> Option<PathBuf> {
    if !is_root() {
        return Some(if number == FULL { "/dev/full" } else { "/dev/null" }.into());
    }
    let path = case.folder().join(format!("device-{number}"));
    mknod(&path, SFlag::S_IFCHR, Mode::S_IRWXU, makedev(1, number)).ok()?;
    fs::set_permissions(&path, Permissions::from_mode(0o606)).unwrap();
    chown(&path, Some(1), Some(1)).unwrap();
    // Where devices are nothing but names.
    fs::OpenOptions::new().write(true).open(&path).ok().map(|_| path)
}

#[test]
fn daemon_with_a_full_device_starts_and_its_prints_fail() {
    let case = Case::new();
    let Some(full) = device(&case, FULL) else { return skip("there can be no devices here") };
    let [out, err] = ["stdout", "stderr"].map(|name| format!("--{name}={}", full.display()));
    let daemon = printer(&case, &[&out, &err, "ready", "try", "stop=up"]).daemon();
    assert_eq!(daemon.all("printed"), [b"StorageFull: No space left on device (os error 28)"; 2]);
    let descriptors = daemon.process().descriptors();
    assert_eq!([1, 2].map(|number| descriptors[&number].device), [libc::makedev(1, 7); 2]);
}

#[test]
fn device_is_left_as_it_was() {
    let case = Case::new();
    if is_root() && !case.is_open_to_all() {
        return skip("another user cannot come to the files");
    }
    let Some(null) = device(&case, NULL) else { return skip("there can be no devices here") };
    let about = || fs::metadata(&null).map(|file| (file.mode(), file.uid(), file.gid())).unwrap();
    let before = about();
    let out = format!("--stdout={}", null.display());
    let user = if is_root() { ["--user=42001", "--group=42002"].as_slice() } else { &[] };
    let actions = ["--stderr=log", "try", "ready", "reopen", "try", "stop=up"];
    let daemon = printer(&case, &[&[out.as_str()], user, &actions].concat()).daemon();
    assert_eq!(daemon.all("printed"), [b"Ok"; 4]);
    // The user may not make a new `log`, but opens both.
    assert_eq!((daemon.text("reopened"), about()), ("Ok", before));
    assert_eq!(read(&case, "log"), "text\ntext\n");
}

#[test]
fn file_that_is_called_like_one_that_was_removed_is_one_like_others() {
    let case = Case::new();
    for _ in 0..2 {
        let outcome = printer(&case, &["--stdout=log (deleted)", "println=text", "ready"]).run();
        outcome.assert_success();
        case.wait_until_empty();
    }
    assert_eq!(read(&case, "log (deleted)"), "text\ntext\n");
}

#[test]
fn terminal_as_a_log_file_becomes_nobodys_terminal() {
    let case = Case::new();
    let mut terminal = Terminal::new();
    let path = terminal.path().to_str().unwrap();
    let (out, err) = (format!("--stdout={path}"), format!("--stderr={path}"));
    let args =
        [&out, &err, "--stop", "ready", "reopen", "println=on stdout", "eprintln=on stderr", "stop=up"];
    // The parent leads a session that has no terminal: whatever it opens could become that.
    let parent = printer(&case, &args).first(["session"]).spawn();
    let stopped = case.puppet();
    assert_eq!((stopped.text("point"), stopped.process().stat().terminal), ("files", 0));
    stopped.go();
    parent.wait().assert_success();
    let daemon = case.puppet();
    assert_eq!(daemon.text("reopened"), "Ok");
    assert_eq!((daemon.process().stat().terminal, daemon.number("terminal")), (0, libc::ENXIO));
    terminal.wait_for("on stdout\r\non stderr\r\n");
}

#[test]
fn full_device_takes_no_part_in_a_failure() {
    let case = Case::new();
    let Some(full) = device(&case, FULL) else { return skip("there can be no devices here") };
    let [out, err] = ["stdout", "stderr"].map(|name| format!("--{name}={}", full.display()));
    for (order, status) in [("error", 1), ("panic", 70)] {
        let parent = printer(&case, &[&out, &err, "stop=body"]).spawn();
        case.puppet().order(order, "no luck");
        let outcome = parent.wait();
        // Nobody else could have said it.
        assert!(outcome.failure().ends_with("no luck"), "{outcome:?}");
        assert_eq!(outcome.status.code(), Some(status));
    }
}
