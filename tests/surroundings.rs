//! Bad surroundings: whatever a caller left behind, the daemon finds the same clean ones, or the start says why not.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

use nix::sys::signal::Signal;
use support::{Case, Launch, Puppet, program, signal_set};

// Descriptors

/// A daemon has the null device at 0, 1 and 2, and nothing else but what it opened itself: here, its report.
#[track_caller]
fn assert_descriptors(daemon: &Puppet, own: usize) {
    let mut open = daemon.process().descriptors();
    for number in 0..3 {
        let descriptor = open.remove(&number).unwrap_or_else(|| panic!("{number} is closed"));
        assert!(descriptor.is_null_device(), "{number}: {descriptor:?}");
        assert!(
            if number == 0 { descriptor.is_readable() } else { descriptor.is_writable() },
            "{descriptor:?}"
        );
    }
    assert_eq!(open.len(), own, "{open:?}");
    assert!(open.values().all(|descriptor| descriptor.is_close_on_exec()), "{open:?}");
}

#[test]
fn daemon_has_no_descriptor_of_its_caller() {
    let case = Case::new();
    let witness = case.program(program!("witness"));
    let caller =
        ["open", "3", "file", "pipe", "4", "tcp", "9", "pair", "20", "stream", "x", "open", "999", "/"];
    assert_descriptors(&witness.first(caller).daemon(), 1);
}

#[test]
fn starts_with_any_of_0_1_2_closed() {
    for closed in 0..8 {
        let case = Case::new();
        let mut witness = case.program(program!("witness"));
        for number in (0..3).filter(|number| closed & (1 << number) != 0) {
            witness = witness.first(["close", &number.to_string()]);
        }
        assert_descriptors(&witness.daemon(), 1);
    }
}

#[test]
fn file_handed_on_is_above_2_with_any_of_0_1_2_closed() {
    for closed in 0..8 {
        let case = Case::new();
        let mut puppet = case.program(program!("puppet")).env("STOPS=up");
        for number in (0..3).filter(|number| closed & (1 << number) != 0) {
            puppet = puppet.first(["close", &number.to_string()]);
        }
        let daemon = puppet.daemon();
        assert!(daemon.number("file") > 2);
        assert_descriptors(&daemon, 2);
    }
}

#[test]
fn file_handed_on_keeps_its_number_beside_those_of_the_caller() {
    let case = Case::new();
    let mut puppet = case.program(program!("puppet")).env("STOPS=files,up");
    // As systemd hands on sockets, from 3.
    for number in 3..12 {
        puppet = puppet.first(["tcp", &number.to_string()]);
    }
    let parent = puppet.env("LISTEN_FDS=9").spawn();
    let opened = case.puppet();
    let number = opened.number("file");
    opened.go();
    parent.wait().assert_success();
    let daemon = case.puppet();
    assert_eq!(daemon.number("file"), number);
    assert_descriptors(&daemon, 2);
}

/// Surroundings in which `close_range` does not work: an old kernel, an old container's filter.
fn without_close_range(launch: Launch<'_>, error: i32) -> Launch<'_> {
    launch.first(["refuse", &libc::SYS_close_range.to_string(), &error.to_string()])
}

#[test]
fn daemon_has_no_descriptor_of_its_caller_without_close_range() {
    for error in [libc::ENOSYS, libc::EPERM] {
        let case = Case::new();
        let witness =
            case.program(program!("witness")).first(["open", "3", "file", "pipe", "500", "open", "999", "/"]);
        assert_descriptors(&without_close_range(witness, error).daemon(), 1);
    }
}

#[test]
fn descriptor_above_a_lowered_limit_is_not_missed() {
    let lowered = ["open", "900", "/", "limit-files", "64"];
    let case = Case::new();
    assert_descriptors(&case.program(program!("witness")).first(lowered).daemon(), 1);
    let case = Case::new();
    let witness = case.program(program!("witness")).first(lowered);
    assert_descriptors(&without_close_range(witness, libc::ENOSYS).daemon(), 1);
}

#[test]
fn huge_limit_of_descriptors_takes_no_time() {
    // A loop up to it would run into the deadline where root is allowed 1,073,741,816, as in some containers.
    let most = fs::read_to_string("/proc/sys/fs/nr_open").unwrap();
    let case = Case::new();
    let witness = case.program(program!("witness")).first(["limit-files", most.trim()]);
    assert_descriptors(&without_close_range(witness, libc::ENOSYS).daemon(), 1);
}

#[test]
fn full_table_of_descriptors_is_a_clear_error() {
    let mut failures = 0;
    // The loader needs one descriptor to start any program. From some limit on there is room for everything.
    for limit in 4..20 {
        let case = Case::new();
        let outcome = case.program(program!("puppet")).first(["limit-files", &limit.to_string()]).run();
        if !outcome.status.success() {
            failures += 1;
            let line = outcome.failure();
            assert!(
                line.starts_with("puppet: ") && line.ends_with("Too many open files (os error 24)"),
                "{line}"
            );
        }
        case.wait_until_empty();
    }
    assert!((1..15).contains(&failures), "{failures} of 16 starts failed");
}

// The null device

/// A start in a mount namespace, in which something is wrong.
#[track_caller]
fn assert_fails_in_namespace(steps: &[&str], about: &str) {
    if !support::is_root() {
        return support::skip("only root has mounts of its own");
    }
    let case = Case::new();
    fs::write(case.folder().join("file"), "").unwrap();
    let outcome = case.program(program!("witness")).first(["namespace"]).first(steps).run();
    let line = outcome.failure();
    assert!(line.starts_with("witness: ") && line.contains(about), "{line}");
    case.wait_until_empty();
    assert_eq!(fs::read(case.folder().join("file")).unwrap(), b"");
}

#[test]
fn plain_file_as_null_device_is_a_clear_error() {
    assert_fails_in_namespace(&["bind", "file", "/dev/null"], "/dev/null");
}

#[test]
fn other_device_as_null_device_is_a_clear_error() {
    assert_fails_in_namespace(&["bind", "/dev/zero", "/dev/null"], "/dev/null");
}

#[test]
fn missing_null_device_is_a_clear_error() {
    assert_fails_in_namespace(&["mount", "tmpfs", "/dev", ""], "/dev/null");
}

// Signals

/// Nothing is blocked, and nothing ignored but what the standard library ignores in every program.
#[track_caller]
fn assert_signals(daemon: &Puppet) {
    let process = daemon.process();
    assert_eq!(process.signals("SigBlk"), signal_set([]));
    assert_eq!(process.signals("SigIgn"), signal_set([Signal::SIGPIPE]));
    // It catches a stack overflow.
    assert_eq!(process.signals("SigCgt"), signal_set([Signal::SIGSEGV, Signal::SIGBUS]));
}

#[test]
fn signals_are_as_in_every_program() {
    let case = Case::new();
    assert_signals(&case.program(program!("witness")).daemon());
}

#[test]
fn blocked_signals_do_not_reach_the_daemon() {
    let case = Case::new();
    let daemon = case.program(program!("witness")).first(["block-all"]).daemon();
    assert_signals(&daemon);
    daemon.process().signal(Signal::SIGTERM);
    support::wait_for_end(daemon.process().0);
}

#[test]
fn ignored_signals_do_not_reach_the_daemon() {
    let case = Case::new();
    // Those of real time, too, and the two that libc keeps to itself.
    let daemon = case.program(program!("witness")).first(["ignore-all"]).daemon();
    assert_signals(&daemon);
    daemon.process().signal(Signal::SIGHUP);
    support::wait_for_end(daemon.process().0);
}

#[test]
fn pending_signal_of_the_caller_does_not_reach_the_daemon() {
    let case = Case::new();
    let pending = ["block-all", "raise", "10", "raise", "15"];
    let daemon = case.program(program!("witness")).first(pending).daemon();
    assert_signals(&daemon);
    assert_eq!(daemon.process().signals("ShdPnd"), signal_set([]));
}

#[test]
fn pending_signal_meets_a_daemon_that_has_settled() {
    let case = Case::new();
    let parent = case.program(program!("early")).first(["umask", "077"]).spawn();
    let early = case.puppet();
    assert_eq!(early.text("point"), "early");
    // What a thread does wrong cannot wait.
    let blocked = early.process().signals("SigBlk");
    let faults = signal_set([Signal::SIGSEGV, Signal::SIGBUS, Signal::SIGABRT]);
    assert!(blocked.contains(&libc::SIGUSR1) && blocked.is_disjoint(&faults), "{blocked:?}");
    early.process().signal(Signal::SIGUSR1);
    early.go();
    parent.wait().assert_success();
    assert_eq!(case.puppet().text("seen"), "true, 0o22");
}

#[test]
fn ignored_sigchld_does_not_break_the_start_or_the_daemons_children() {
    let case = Case::new();
    let sigchld = libc::SIGCHLD.to_string();
    let mut daemon = case.program(program!("witness")).first(["ignore", &sigchld]).daemon();
    daemon.do_and_report("status", "true");
}

#[test]
fn ignored_sigchld_does_not_hide_how_the_daemon_ended() {
    let case = Case::new();
    let sigchld = libc::SIGCHLD.to_string();
    let parent = case.program(program!("puppet")).env("STOPS=body").first(["ignore", &sigchld]).spawn();
    case.puppet().order("exit", "42");
    assert_eq!(parent.wait().status.code(), Some(42));
}

// Umask and directory

#[test]
fn umask_of_the_caller_does_not_reach_the_daemon() {
    for mask in ["0", "077", "777"] {
        let case = Case::new();
        let daemon = case.program(program!("witness")).first(["umask", mask]).daemon();
        assert_eq!(daemon.process().status("Umask"), "0022");
    }
}

#[test]
fn starts_in_a_deleted_directory() {
    let case = Case::new();
    let gone = case.folder().join("gone");
    fs::create_dir(&gone).unwrap();
    let gone = gone.to_str().unwrap();
    let daemon = case.program(program!("witness")).first(["chdir", gone, "rmdir", gone]).daemon();
    assert_eq!(daemon.process().directory(), Path::new("/"));
    assert_eq!(daemon.path("launch_dir"), None);
}

#[test]
fn starts_in_a_directory_that_cannot_be_entered_by_path() {
    let case = Case::new();
    if !case.is_open_to_all() {
        return support::skip("another user cannot come to the programs");
    }
    let outer = case.folder().join("outer");
    let inner = outer.join("inner");
    fs::create_dir_all(&inner).unwrap();
    let (inside, locked) = (inner.to_str().unwrap(), outer.to_str().unwrap());
    let locked_in = case.program(program!("witness")).first(["chdir", inside, "chmod", "0", locked]);
    let daemon = locked_in.unprivileged().daemon();
    assert_eq!(daemon.process().directory(), Path::new("/"));
    // Or else an ordinary user could not remove it.
    fs::set_permissions(outer, fs::Permissions::from_mode(0o700)).unwrap();
}

// Arguments

#[test]
fn starts_without_any_argument() {
    let case = Case::new();
    let daemon = case.program(program!("witness")).argv([""; 0]).daemon();
    // Since version 5.18 Linux gives such a program one that is empty.
    assert!(matches!(daemon.all("arg")[..], [] | [b""]), "{:?}", daemon.all("arg"));
}

#[test]
fn no_room_for_the_stage_is_a_clear_error() {
    let case = Case::new();
    let witness = case.program(program!("witness")).first(["limit-stack", "1048576", "fill"]);
    // By a short path, for it takes room, too: more than the one that the copy is started by, if it were long.
    let outcome = witness.by("./witness").run();
    let line = outcome.failure();
    assert!(line.starts_with("witness: ") && line.ends_with("Argument list too long (os error 7)"), "{line}");
    case.wait_until_empty();
}

// The executable

/// Stops a parent before it starts anything, does something to the executable, and looks at the daemon.
#[track_caller]
fn assert_runs_the_same_file(replace: impl FnOnce(&Path)) {
    let case = Case::new();
    let puppet = case.program(program!("puppet")).env("STOPS=files,up");
    let path = puppet.path().to_owned();
    let parent = puppet.spawn();
    let before = case.puppet();
    replace(&path);
    before.go();
    parent.wait().assert_success();
    let daemon = case.puppet();
    assert!(daemon.process().runs(program!("puppet").as_ref()));
    assert_eq!(daemon.process().name(), "puppet");
    assert_eq!(daemon.process().arguments(), [path.to_str().unwrap().as_bytes()]);
}

#[test]
fn deleted_executable_runs_on_in_the_daemon() {
    assert_runs_the_same_file(|path| fs::remove_file(path).unwrap());
}

#[test]
fn replaced_executable_runs_on_in_the_daemon() {
    assert_runs_the_same_file(|path| {
        fs::remove_file(path).unwrap();
        fs::hard_link(program!("witness"), path).unwrap();
    });
}

#[test]
fn executable_that_cannot_be_read_starts() {
    let case = Case::new();
    if !case.is_open_to_all() {
        return support::skip("another user cannot come to the programs");
    }
    // A copy, for the mode belongs to the file, not to the name; and by another process: written by this one it would
    // be busy as long as any child of another test has not begun its own program.
    let path = case.folder().join("unreadable");
    assert!(Command::new("cp").arg(program!("witness")).arg(&path).status().unwrap().success());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o111)).unwrap();
    let daemon = case.command(&path).unprivileged().daemon();
    assert_eq!(daemon.text("stage"), "daemon");
    assert_eq!(daemon.process().name(), "unreadable");
}

#[test]
fn executable_that_may_no_longer_run_is_a_clear_error() {
    if !support::is_root() {
        return support::skip("only root has mounts of its own");
    }
    let case = Case::new();
    let folder = case.folder().to_str().unwrap();
    let own_mount = ["namespace", "bind", folder, folder];
    let parent = case.program(program!("puppet")).env("STOPS=files").first(own_mount).spawn();
    let before = case.puppet();
    let pid = before.process().0.to_string();
    let remount = ["-t", &pid, "-m", "mount", "-o", "remount,bind,noexec", folder];
    assert!(Command::new("nsenter").args(remount).status().unwrap().success());
    before.go();
    let outcome = parent.wait();
    let line = outcome.failure();
    assert!(line.starts_with("puppet: ") && line.ends_with("Permission denied (os error 13)"), "{line}");
    case.wait_until_empty();
}

#[test]
fn program_that_its_loader_runs_is_refused() {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let Some(loader) =
        maps.split_whitespace().find(|path| path.contains("/ld-linux") || path.contains("/ld-musl"))
    else {
        return support::skip("this test is linked statically");
    };
    let case = Case::new();
    // A copy would be one of the loader, which would run the argument.
    let outcome = case.command(loader).arg(program!("witness")).arg("/bin/echo").run();
    let line = outcome.failure();
    assert!(line.starts_with("witness: ") && line.contains("run by its loader"), "{line}");
    assert_eq!((outcome.status.code(), outcome.stdout.as_slice()), (Some(71), &b""[..]));
    case.wait_until_empty();
}

#[test]
fn process_1_stays_in_the_foreground() {
    if !support::is_root() {
        return support::skip("only root has namespaces of its own");
    }
    let case = Case::new();
    let program = case.program(program!("puppet")).path().to_owned();
    // As in a container: with the end of this process all others end.
    let container = case.command("/usr/bin/unshare").arg("--pid").arg("--fork").arg("--kill-child");
    let container = container.arg(program).env("STOPS=body").spawn();
    let body = case.puppet();
    assert_eq!((body.number("pid"), body.text("stage")), (1, "parent"));
    body.order("exit", "42");
    assert_eq!(container.wait().status.code(), Some(42));
    case.wait_until_empty();
}

#[test]
fn first_child_that_would_be_process_1_is_refused() {
    if !support::is_root() {
        return support::skip("only root has namespaces of its own");
    }
    let case = Case::new();
    // Without --fork the next process that this one starts is process 1 of the namespace, and at its end all others end.
    let outcome = case.command("/usr/bin/unshare").arg("--pid").arg(program!("witness")).run();
    let line = outcome.failure();
    assert!(line.starts_with("witness: first child: it is process 1"), "{line}");
    assert_eq!(outcome.status.code(), Some(71));
    case.wait_until_empty();
}

// What `/proc` shows, or does not

#[test]
fn starts_without_proc() {
    if !support::is_root() {
        return support::skip("only root has mounts of its own");
    }
    for steps in [["unmount", "/proc"].as_slice(), &["mount", "tmpfs", "/proc", ""]] {
        let case = Case::new();
        let daemon = case.program(program!("witness")).first(["namespace"]).first(steps).daemon();
        assert_descriptors(&daemon, 1);
        assert_eq!(daemon.process().name(), "witness");
    }
}

#[test]
fn starts_in_a_chroot() {
    if !support::is_root() {
        return support::skip("only root has mounts of its own");
    }
    for proc in [&["unmount", "root/proc"][..], &[]] {
        let case = Case::new();
        fs::create_dir(case.folder().join("root")).unwrap();
        let witness = case.program(program!("witness")).first(["namespace", "bind", "/", "root"]);
        assert_descriptors(&witness.first(proc).first(["chroot", "root"]).daemon(), 1);
    }
}

#[test]
fn replaced_executable_without_proc_is_a_clear_error() {
    if !support::is_root() {
        return support::skip("only root has mounts of its own");
    }
    let case = Case::new();
    let puppet = case.program(program!("puppet")).env("STOPS=files").first(["namespace", "unmount", "/proc"]);
    let path = puppet.path().to_owned();
    let parent = puppet.spawn();
    let before = case.puppet();
    fs::remove_file(&path).unwrap();
    fs::hard_link(program!("witness"), &path).unwrap();
    before.go();
    let outcome = parent.wait();
    assert!(outcome.failure().starts_with("puppet: "), "{outcome:?}");
    case.wait_until_empty();
}

#[test]
fn no_proc_and_no_close_range_starts_or_says_why_not() {
    if !support::is_root() {
        return support::skip("only root has mounts of its own");
    }
    let case = Case::new();
    let witness =
        case.program(program!("witness")).first(["open", "900", "/", "namespace", "unmount", "/proc"]);
    let outcome = without_close_range(witness, libc::ENOSYS).run();
    if outcome.status.success() {
        assert_descriptors(&case.puppet(), 1);
    } else {
        assert!(outcome.failure().starts_with("witness: "), "{outcome:?}");
        case.wait_until_empty();
    }
}

#[test]
fn ordinary_user_starts_with_hidden_processes() {
    let case = Case::new();
    if !support::is_root() || !case.is_open_to_all() {
        return support::skip("only root has mounts of its own");
    }
    // A new instance: another mount of the same one would change the options of all.
    let hidden = ["namespace", "mount", "proc", "/proc", "hidepid=2"];
    let daemon = case.program(program!("witness")).first(hidden).unprivileged().daemon();
    assert_descriptors(&daemon, 1);
}

#[test]
fn ordinary_user_starts_without_proc() {
    let case = Case::new();
    if !support::is_root() || !case.is_open_to_all() {
        return support::skip("only root has mounts of its own");
    }
    let daemon =
        case.program(program!("witness")).first(["namespace", "unmount", "/proc"]).unprivileged().daemon();
    assert_descriptors(&daemon, 1);
}
