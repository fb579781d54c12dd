//! What another program does with a pid file: ask, signal, stop.

use std::{
    fs,
    io::ErrorKind,
    path::Path,
    time::{Duration, Instant},
};

use godaemon::PidFile;
use nix::sys::{signal::Signal, wait::WaitStatus};
use support::{Case, Launch, program, skip, wait_for_end, wait_until};

use crate::{
    assert_free, assert_holds, folder_for_all, has_ordinary_user, keeper, kill, obeying, pid_path, start,
    started, stopped_at, write,
};

/// Longer than anything takes here.
const LONG: Duration = Duration::from_secs(30);

const SIGTERM: i32 = Signal::SIGTERM as i32;

#[test]
fn path_is_what_was_given() {
    for path in ["/run/echod.pid", "echod.pid", ""] {
        assert_eq!(PidFile::new(path).path(), Path::new(path));
    }
}

#[test]
fn daemon_that_does_not_run_is_none_and_not_found() {
    let case = Case::new();
    let [missing, nowhere, empty, stale] =
        ["missing", "no/folder", "empty", "stale"].map(|name| case.folder().join(name));
    write(&empty, "");
    kill(start(&case, &stale));
    for path in [missing, nowhere, empty, stale] {
        let pid_file = PidFile::new(&path);
        assert_eq!(pid_file.running().unwrap(), None, "{pid_file:?}");
        for result in [pid_file.signal(SIGTERM), pid_file.signal(0), pid_file.stop(LONG)] {
            assert_eq!(result.unwrap_err().kind(), ErrorKind::NotFound, "{pid_file:?}");
        }
        assert_eq!(pid_file.running().unwrap(), None, "{pid_file:?}");
    }
    // Asking makes no file.
    assert!(!case.folder().join("missing").exists());
}

#[test]
fn file_as_a_folder_is_an_error_or_none_but_no_daemon() {
    let case = Case::new();
    write(&pid_path(&case), "");
    let pid_file = PidFile::new(pid_path(&case).join("pid"));
    assert!(!matches!(pid_file.running(), Ok(Some(_))));
    assert!(pid_file.stop(LONG).is_err());
}

#[test]
fn start_runs_as_its_parent_then_as_its_daemon() {
    let case = Case::new();
    let path = pid_path(&case);
    let (parent, stopped) = stopped_at(&case, &path, "files,body,up");
    let running = || PidFile::new(&path).running().unwrap();
    assert_eq!(running(), Some(parent.process().0.cast_unsigned()));
    stopped.go();
    let body = case.puppet();
    let daemon = body.process();
    assert_eq!(running(), Some(daemon.0.cast_unsigned()));
    body.go();
    parent.wait();
    let up = case.puppet();
    assert_eq!(up.process(), daemon);
    assert_eq!(running(), Some(daemon.0.cast_unsigned()));
}

#[test]
fn stop_of_a_start_returns_when_nobody_of_it_is_left() {
    let case = Case::new();
    let path = pid_path(&case);
    let (parent, body) = stopped_at(&case, &path, "body");
    // Who does not see its daemon end keeps the file.
    parent.process().stop();
    let error = PidFile::new(&path).stop(Duration::from_millis(500)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
    assert!(error.to_string().contains("let go"), "{error}");
    assert!(!body.process().is_alive());
    parent.process().signal(Signal::SIGCONT);
    assert_eq!(parent.wait().status.code(), Some(128 + SIGTERM));
    assert_free(&path);
}

#[test]
fn stop_of_a_start_returns_when_its_daemon_has_ended() {
    let case = Case::new();
    let path = pid_path(&case);
    for _ in 0..10 {
        let (parent, body) = stopped_at(&case, &path, "body");
        PidFile::new(&path).stop(LONG).unwrap();
        assert!(!body.process().is_alive());
        // At once, and not when the parent has told why.
        kill(start(&case, &path));
        parent.wait();
    }
}

#[test]
fn signal_reaches_the_daemon() {
    let case = Case::new();
    let path = pid_path(&case);
    let daemon = start(&case, &path);
    let pid_file = PidFile::new(&path);
    // Nothing, but it may be sent.
    pid_file.signal(0).unwrap();
    pid_file.signal(Signal::SIGSTOP as i32).unwrap();
    wait_until("the daemon to stop", || (daemon.stat().state == 'T').then_some(()));
    assert_eq!(pid_file.running().unwrap(), Some(daemon.0.cast_unsigned()));
    pid_file.signal(Signal::SIGCONT as i32).unwrap();
    pid_file.signal(Signal::SIGUSR1 as i32).unwrap();
    let WaitStatus::Signaled(_, Signal::SIGUSR1, _) = wait_for_end(daemon.0) else { panic!("another end") };
    assert_free(&path);
}

#[test]
fn number_that_is_no_signal_is_invalid() {
    let case = Case::new();
    let path = pid_path(&case);
    let mut daemon = obeying(&case, &path);
    for number in [-1, 65, 1000, i32::MAX, i32::MIN] {
        assert_eq!(
            PidFile::new(&path).signal(number).unwrap_err().kind(),
            ErrorKind::InvalidInput,
            "{number}"
        );
    }
    daemon.do_and_report("print", "still here");
}

#[test]
fn stop_returns_when_the_daemon_is_gone() {
    let case = Case::new();
    let path = pid_path(&case);
    for _ in 0..50 {
        let daemon = start(&case, &path);
        PidFile::new(&path).stop(LONG).unwrap();
        assert!(!daemon.is_alive());
        assert_free(&path);
        let WaitStatus::Signaled(_, Signal::SIGTERM, _) = wait_for_end(daemon.0) else {
            panic!("another end")
        };
    }
}

#[test]
fn start_directly_after_stop_goes_well() {
    let case = Case::new();
    let path = pid_path(&case);
    let mut daemon = start(&case, &path);
    for _ in 0..50 {
        // From one process, as `restart` does it.
        PidFile::new(&path).stop(LONG).unwrap();
        let next = start(&case, &path);
        assert_ne!(next, daemon);
        assert_holds(&path, next);
        wait_for_end(daemon.0);
        daemon = next;
    }
}

#[test]
fn daemon_that_hears_no_sigterm_outlives_stop() {
    let case = Case::new();
    let path = pid_path(&case);
    let mut daemon = keeper(&case, &path).env("DEAF=").env("STOPS=up").daemon();
    let within = Duration::from_millis(300);
    let begin = Instant::now();
    let error = PidFile::new(&path).stop(within).unwrap_err();
    let time = begin.elapsed();
    assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
    // Much less than what would be too long; a busy machine takes its time.
    assert!(time >= within && time < Duration::from_secs(10), "{time:?}");
    daemon.do_and_report("print", "still here");
    assert_holds(&path, daemon.process());
}

#[test]
fn stop_without_any_time_has_sent_the_signal() {
    let case = Case::new();
    let path = pid_path(&case);
    let daemon = start(&case, &path);
    // It may be gone already.
    if let Err(error) = PidFile::new(&path).stop(Duration::ZERO) {
        assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
    }
    wait_for_end(daemon.0);
    assert_free(&path);
}

#[test]
fn longest_time_to_stop_is_no_overflow() {
    let case = Case::new();
    let path = pid_path(&case);
    let daemon = start(&case, &path);
    PidFile::new(&path).stop(Duration::MAX).unwrap();
    assert!(!daemon.is_alive());
}

#[test]
fn stop_waits_for_a_daemon_that_takes_its_time() {
    let case = Case::new();
    let path = pid_path(&case);
    let daemon = start(&case, &path);
    // A stopped process ends of SIGTERM when it is continued.
    daemon.stop();
    let stop = client(&case, &["stop", path.to_str().unwrap(), "30000"]).spawn();
    wait_until("the signal", || daemon.signals("ShdPnd").contains(&SIGTERM).then_some(()));
    stop.process().wait_until_asleep();
    assert!(stop.process().is_alive());
    daemon.signal(Signal::SIGCONT);
    assert_eq!(stop.wait().stdout, b"Ok(())\n");
    assert!(!daemon.is_alive());
}

#[test]
fn stop_of_a_start_ends_it() {
    let case = Case::new();
    let path = pid_path(&case);
    // In the parent, and in the daemon.
    for point in ["files", "body"] {
        let (parent, _stopped) = stopped_at(&case, &path, point);
        PidFile::new(&path).stop(LONG).unwrap();
        assert!(!parent.wait().status.success(), "{point}");
        case.wait_until_empty();
        assert_free(&path);
    }
}

fn client<'case>(case: &'case Case, args: &[&str]) -> Launch<'case> {
    args.iter().fold(case.program(program!("pid_client")), Launch::arg)
}

#[test]
fn relative_path_is_that_of_whoever_asks() {
    let case = Case::new();
    let daemon = start(&case, &pid_path(&case));
    let outcome = client(&case, &["running", "pid"]).run();
    outcome.assert_success();
    assert_eq!(String::from_utf8_lossy(&outcome.stdout), format!("Ok(Some({}))\n", daemon.0));
}

#[test]
fn ordinary_user_may_ask_about_a_daemon_of_root_and_not_stop_it() {
    if !support::is_root() {
        return skip("only root has a daemon that another user may not stop");
    }
    let case = Case::new();
    if !has_ordinary_user(&case) {
        return;
    }
    let path = pid_path(&case);
    let mut daemon = obeying(&case, &path);
    let path = path.to_str().unwrap();
    let running = format!("Ok(Some({}))\n", daemon.process().0);
    let denied = "Err(PermissionDenied)\n";
    for (args, expected) in [
        (&["running", path][..], running.as_str()),
        (&["signal", path, "0"], denied),
        (&["signal", path, "15"], denied),
        (&["stop", path, "30000"], denied),
    ] {
        let outcome = client(&case, args).unprivileged().run();
        assert_eq!(String::from_utf8_lossy(&outcome.stdout), expected, "{args:?}: {outcome:?}");
    }
    daemon.do_and_report("print", "still here");
}

#[test]
fn daemon_is_stopped_without_pid_descriptors() {
    // A signal that may not be sent cannot be told from a call that may not be made, so that is no case.
    let refusals = [
        (libc::SYS_pidfd_open, libc::ENOSYS),
        (libc::SYS_pidfd_open, libc::EPERM),
        (libc::SYS_pidfd_send_signal, libc::ENOSYS),
    ];
    for (call, error) in refusals {
        let case = Case::new();
        let path = pid_path(&case);
        let refused = ["refuse", &call.to_string(), &error.to_string()].map(str::to_owned);
        let text = path.to_str().unwrap();
        let daemon = start(&case, &path);
        let outcome = client(&case, &["signal", text, "0"]).first(&refused).run();
        assert_eq!(outcome.stdout, b"Ok(())\n", "{refused:?}: {outcome:?}");
        let outcome = client(&case, &["stop", text, "30000"]).first(&refused).run();
        assert_eq!(outcome.stdout, b"Ok(())\n", "{refused:?}: {outcome:?}");
        assert!(!daemon.is_alive());
        assert_free(&path);
        wait_for_end(daemon.0);
        let mut deaf = keeper(&case, &path).env("DEAF=").env("STOPS=up").daemon();
        let outcome = client(&case, &["stop", text, "300"]).first(&refused).run();
        assert_eq!(outcome.stdout, b"Err(TimedOut)\n", "{refused:?}: {outcome:?}");
        deaf.do_and_report("print", "still here");
    }
}

#[test]
fn file_is_as_good_without_proc() {
    if !support::is_root() {
        return skip("only root has mounts of its own");
    }
    let case = Case::new();
    let path = pid_path(&case);
    let text = path.to_str().unwrap();
    let without = ["namespace", "mount", "tmpfs", "/proc", ""];
    let daemon = started(&keeper(&case, &path).first(without).run());
    assert_holds(&path, daemon);
    crate::assert_already_running(&keeper(&case, &path).first(without).run(), &path, daemon);
    let outcome = client(&case, &["running", text]).first(without).run();
    assert_eq!(String::from_utf8_lossy(&outcome.stdout), format!("Ok(Some({}))\n", daemon.0));
    let outcome = client(&case, &["stop", text, "30000"]).first(without).run();
    assert_eq!(outcome.stdout, b"Ok(())\n", "{outcome:?}");
    assert!(!daemon.is_alive());
    assert_free(&path);
}

#[test]
fn file_that_may_not_be_read_is_an_error() {
    let case = Case::new();
    if !has_ordinary_user(&case) {
        return;
    }
    let path = folder_for_all(&case).join("pid");
    write(&path, "");
    let daemon = start(&case, &path);
    crate::set_mode(&path, 0);
    let outcome = client(&case, &["running", path.to_str().unwrap()]).unprivileged().run();
    assert_eq!(outcome.stdout, b"Err(PermissionDenied)\n", "{outcome:?}");
    assert!(daemon.is_alive());
}

#[test]
fn daemon_of_an_ordinary_user_is_like_any() {
    let case = Case::new();
    if !has_ordinary_user(&case) {
        return;
    }
    let path = folder_for_all(&case).join("pid");
    let daemon = started(&keeper(&case, &path).unprivileged().run());
    crate::assert_already_running(&keeper(&case, &path).unprivileged().run(), &path, daemon);
    assert_holds(&path, daemon);
    let outcome = client(&case, &["stop", path.to_str().unwrap(), "30000"]).unprivileged().run();
    assert_eq!(outcome.stdout, b"Ok(())\n", "{outcome:?}");
    assert!(!daemon.is_alive());
    assert_free(&path);
}

#[test]
fn errors_name_the_file() {
    let case = Case::new();
    let path = pid_path(&case);
    let text = PidFile::new(&path).stop(LONG).unwrap_err().to_string();
    assert!(text.contains(path.to_str().unwrap()), "{text}");
    write(&path, "port = 80\n");
    let text = PidFile::new(&path).running().unwrap_err().to_string();
    assert!(text.contains(path.to_str().unwrap()), "{text}");
    assert_eq!(fs::read(&path).unwrap(), b"port = 80\n");
}
