//! A Unix socket: its mode, its end, and whose it is.

use std::{
    fs,
    io::Read,
    os::unix::{
        fs::{FileTypeExt, MetadataExt, PermissionsExt},
        net::UnixStream,
    },
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use support::{Case, Launch, Process, program};

use crate::{assert_refused, crash, daemon_in, end, names_in};

fn server(case: &Case) -> Launch<'_> {
    case.program(program!("unix_socket")).arg("socket")
}

fn path(case: &Case) -> PathBuf {
    case.folder().join("socket")
}

#[track_caller]
fn started(case: &Case, launch: Launch<'_>) -> Process {
    let outcome = launch.run();
    outcome.assert_success();
    daemon_in(case, str::from_utf8(&outcome.stdout).unwrap())
}

#[track_caller]
fn assert_answers(case: &Case) {
    let mut connection = UnixStream::connect(path(case)).unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "hello\n");
}

/// Looks all the time, whatever the umask is.
#[test]
fn socket_never_has_another_mode() {
    for umask in ["0", "77"] {
        let case = Case::new();
        let (socket, over) = (path(&case), AtomicBool::new(false));
        let modes: Vec<u32> = thread::scope(|scope| {
            let watcher = scope.spawn(|| {
                let mut modes = Vec::new();
                while !over.load(Ordering::Relaxed) {
                    let mode = fs::symlink_metadata(&socket).map(|metadata| metadata.permissions().mode());
                    modes.extend(mode.ok().filter(|mode| modes.last() != Some(mode)));
                    thread::yield_now();
                }
                modes
            });
            for _ in 0..5 {
                let daemon = started(&case, server(&case).first(["umask", umask]));
                assert_answers(&case);
                end(daemon);
            }
            over.store(true, Ordering::Relaxed);
            watcher.join().unwrap()
        });
        assert_eq!(modes, [0o140_660], "{modes:?}, umask {umask}");
    }
}

#[test]
fn socket_is_gone_at_the_end() {
    let case = Case::new();
    let daemon = started(&case, server(&case));
    assert_eq!(names_in(case.folder()), ["socket", "socket.pid", "unix_socket"]);
    end(daemon);
    assert_eq!(names_in(case.folder()), ["unix_socket"]);
}

#[test]
fn socket_of_the_first_instance_outlives_the_second() {
    let case = Case::new();
    let daemon = started(&case, server(&case));
    let before = fs::symlink_metadata(path(&case)).unwrap();
    for _ in 0..3 {
        let pid_file = case.folder().join("socket.pid");
        let line = format!("unix_socket: already running: process {} holds {}", daemon.0, pid_file.display());
        assert_refused(&server(&case).run(), &line, 69);
    }
    assert_eq!(fs::symlink_metadata(path(&case)).unwrap().ino(), before.ino());
    assert_answers(&case);
}

#[test]
fn socket_of_a_crash_is_replaced() {
    let case = Case::new();
    crash(started(&case, server(&case)));
    assert!(fs::symlink_metadata(path(&case)).unwrap().file_type().is_socket());
    assert!(UnixStream::connect(path(&case)).is_err());
    started(&case, server(&case));
    assert_answers(&case);
}

#[test]
fn file_that_is_no_socket_is_kept() {
    let case = Case::new();
    fs::write(path(&case), "precious").unwrap();
    let outcome = server(&case).run();
    assert_refused(&outcome, "unix_socket: listener: Address already in use (os error 98)", 1);
    assert_eq!(fs::read_to_string(path(&case)).unwrap(), "precious");
    assert_eq!(names_in(case.folder()), ["socket", "unix_socket"]);
}
