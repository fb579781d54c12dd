//! The library without the attribute: what comes back to the parent, to the daemon, and in the foreground.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    collections::BTreeSet,
    fs, io,
    os::{
        linux::net::SocketAddrExt,
        unix::{
            fs::symlink,
            net::{SocketAddr, UnixDatagram},
        },
    },
    path::Path,
    time::{Duration, Instant},
};

use nix::{errno::Errno, sys::signal::Signal};
use support::{Case, Launch, Outcome, Process, Puppet, errors, program, wait_until};

fn by_hand<'case>(case: &'case Case, what: &str) -> Launch<'case> {
    case.program(program!("by_hand")).arg(what)
}

// What is the same with and without the attribute

#[test]
fn stage_is_known_before_and_after_the_call() {
    let case = Case::new();
    assert_eq!(by_hand(&case, "plain").daemon().text("stages"), "daemon, daemon");
    let program = by_hand(&case, "foreground").spawn();
    assert_eq!(case.puppet().text("stage"), "parent");
    drop(program);
}

#[test]
fn second_call_in_a_daemon_is_an_error() {
    let case = Case::new();
    let daemon = by_hand(&case, "again").daemon();
    assert_eq!(daemon.text("errors"), "AlreadyDaemon, daemon, 64; AlreadyDaemon, daemon, 64");
    assert_eq!(daemon.text("back"), "true", "the file is gone");
    assert_eq!(case.processes(), [daemon.process()]);
}

#[test]
fn second_call_in_the_foreground_is_an_error() {
    let case = Case::new();
    let program = by_hand(&case, "again-in-foreground").spawn();
    let body = case.puppet();
    assert_eq!(body.text("errors"), "AlreadyDaemon, parent, 64; AlreadyDaemon, parent, 64");
    assert_eq!(body.text("back"), "true", "the file is gone");
    assert_eq!(case.processes(), [program.process()]);
    body.go();
    program.wait().assert_success();
}

#[test]
fn only_one_of_two_threads_stays_in_the_foreground() {
    let case = Case::new();
    let outcome = by_hand(&case, "foreground-twice").run();
    outcome.assert_success();
    // The other gets its file back.
    let expected = "AlreadyDaemon, parent, 64, true\nin the foreground\n";
    assert_eq!(String::from_utf8_lossy(&outcome.stdout), expected);
}

#[test]
fn launch_dir_is_where_the_user_was() {
    let case = Case::new();
    let daemon = by_hand(&case, "plain").daemon();
    assert_eq!(daemon.process().directory(), Path::new("/"));
    assert_eq!(daemon.path("launch_dir").as_deref(), Some(case.folder()));
}

/// What this program, which moves away from the launch directory before it starts anything, says where it was launched.
#[track_caller]
fn assert_launched_in_folder(case: &Case, launch: Launch<'_>) -> Puppet {
    fs::create_dir(case.folder().join("away")).unwrap();
    let outcome = launch.run();
    outcome.assert_success();
    let parents = String::from_utf8(outcome.stdout).unwrap();
    assert_eq!(Path::new(parents.trim_end()), case.folder());
    let daemon = case.puppet();
    assert_eq!(daemon.path("launch_dir").as_deref(), Some(case.folder()));
    daemon
}

#[test]
fn daemon_begins_in_the_launch_directory_wherever_the_parent_has_gone() {
    let case = Case::new();
    assert_launched_in_folder(&case, by_hand(&case, "moves-away"));
    let case = Case::new();
    let daemon = assert_launched_in_folder(&case, case.program(program!("mover")));
    assert_eq!(Path::new(daemon.text("seen")), case.folder());
}

#[test]
fn files_are_taken_once_by_name_and_kind() {
    let case = Case::new();
    let daemon = by_hand(&case, "takes-files").daemon();
    let expected = "[Some(NotFound), Some(InvalidInput), Some(InvalidInput), None, Some(NotFound), None]";
    assert_eq!(daemon.text("errors"), expected);
    assert_eq!(daemon.text("rest"), "[false, false, false]");
}

#[test]
fn read_link_says_what_failed_on_which_path() {
    let case = Case::new();
    let link = case.folder().join("link");
    symlink("some/where", &link).unwrap();
    assert_eq!(godaemon::read_link(&link).unwrap(), Path::new("some/where"));
    let missing = case.folder().join("missing");
    let error = godaemon::read_link(&missing).unwrap_err();
    assert_eq!(error.to_string(), format!("readlink {}", missing.display()));
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), io::Error::from(Errno::ENOENT).to_string());
}

// Starting

#[test]
fn parent_of_start_goes_on() {
    let case = Case::new();
    let parent = by_hand(&case, "start").spawn();
    let number = parent.process();
    let both = [case.puppet(), case.puppet()];
    let [daemon, started] =
        ["daemon", "parent"].map(|point| both.iter().find(|puppet| puppet.text("point") == point).unwrap());
    assert_eq!(started.number("started"), daemon.process().0);
    assert_eq!((started.process(), started.text("stage")), (number, "parent"));
    assert!(number.signals("SigBlk").is_empty());
    let line = format!("up: {}\n", daemon.process().0);
    drop(both);
    let outcome = parent.wait();
    outcome.assert_success();
    assert_eq!(outcome.stdout, line.as_bytes());
}

#[test]
fn signal_in_on_ready_does_not_undo_the_start() {
    let case = Case::new();
    let outcome = by_hand(&case, "raises-in-on-ready").run();
    outcome.assert_success();
    assert_eq!(outcome.stdout, b"raised\n");
    assert_eq!(case.puppet().text("point"), "body");
}

#[test]
fn signal_that_the_parent_handles_does_not_end_the_start() {
    let case = Case::new();
    let parent = by_hand(&case, "handles").spawn();
    let daemon = case.puppet();
    // It waits for the daemon, and does so again.
    parent.process().wait_until_asleep();
    parent.process().interrupt(Signal::SIGUSR1);
    daemon.go();
    parent.wait().assert_success();
    assert_eq!(case.puppet().text("point"), "up");
}

#[test]
fn many_starts_in_one_parent_leave_nothing_in_it() {
    let case = Case::new();
    let parent = by_hand(&case, "many-starts").spawn();
    let puppets: Vec<_> = (0..12).map(|_| case.puppet()).collect();
    let number = |puppet: &Puppet| puppet.process().0;
    let (parents, daemons): (Vec<_>, Vec<_>) =
        puppets.iter().partition(|puppet| puppet.process() == parent.process());
    let [from_parent] = parents[..] else { panic!("{} parents", parents.len()) };
    assert_eq!(from_parent.text("children"), "nobody");
    assert_eq!(from_parent.text("same_descriptors"), "true");
    let started: BTreeSet<i32> = from_parent
        .all("started")
        .into_iter()
        .map(|number| str::from_utf8(number).unwrap().parse().unwrap())
        .collect();
    assert_eq!(started.len(), 11);
    assert_eq!(started, daemons.into_iter().map(number).collect());
    assert!(started.iter().all(|&daemon| Process(daemon).is_alive()));
}

#[test]
fn many_failures_in_one_parent_leave_nothing_in_it() {
    let case = Case::new();
    let outcome = by_hand(&case, "many-failures").run();
    outcome.assert_success();
    let expected = [
        "daemon: no luck",
        "umask: 0o1000 is over 0o777",
        "cannot run a copy of the program: Argument list too long (os error 7)",
        "the same in all threads: true",
        "children: nobody",
        "the same descriptors: true",
    ];
    let seen = String::from_utf8(outcome.stdout).unwrap();
    assert!(seen.lines().eq(expected), "{seen}");
    case.wait_until_empty();
}

#[test]
fn fifty_busy_threads_on_both_sides_are_not_in_the_way() {
    // A lock that is held over a fork does harm by chance only.
    for _ in 0..10 {
        let case = Case::new();
        assert_eq!(by_hand(&case, "busy").daemon().text("threads"), "50");
    }
}

// Failing

#[test]
fn failed_starts_leave_no_signal_blocked() {
    let case = Case::new();
    let outcome = by_hand(&case, "masks").run();
    outcome.assert_success();
    assert_eq!(String::from_utf8_lossy(&outcome.stdout), "true, {}\ntrue, {}\n");
}

#[test]
fn start_that_fails_while_it_is_confirmed_leaves_no_signal_blocked() {
    let case = Case::new();
    let parent = by_hand(&case, "mask-after-start").spawn();
    let daemon = case.puppet();
    let (process, first_child) = (daemon.process(), Process(daemon.number("ppid")));
    parent.process().stop();
    daemon.go();
    // It has said that it is up, and the first child's part is done.
    first_child.wait_until_dead();
    process.signal(Signal::SIGKILL);
    process.wait_until_dead();
    parent.process().signal(Signal::SIGCONT);
    let outcome = parent.wait();
    outcome.assert_success();
    let line = "daemon: ended while its start was confirmed, {}\n";
    assert_eq!(String::from_utf8_lossy(&outcome.stdout), line);
    case.wait_until_empty();
}

/// A start that fails and whose program goes on: the kind of the error, its stage, its status; its text.
#[track_caller]
fn assert_error(outcome: &Outcome, expected: &str, text: &str) {
    assert!(outcome.status.success(), "{outcome:?}");
    assert_eq!(String::from_utf8_lossy(&outcome.stdout), format!("{expected}\n"), "{outcome:?}");
    assert_eq!(String::from_utf8_lossy(&outcome.stderr), format!("{text}\n"));
    let (Some(message), Some((_, status))) = (text.lines().last(), expected.rsplit_once(' ')) else {
        panic!("an error has a text and a status")
    };
    errors::assert_documented(message, status.parse().unwrap());
}

#[test]
fn options_out_of_range_are_errors_of_the_parent() {
    let table = [
        ("umask", "umask: 0o1000 is over 0o777"),
        ("zero-byte", "program_name: there is a zero byte in it"),
        ("same-name", "file: there is another file of this name"),
    ];
    for (what, text) in table {
        let case = Case::new();
        assert_error(&by_hand(&case, what).run(), "OutOfRange, parent, 64", text);
        case.wait_until_empty();
    }
}

#[test]
fn failed_expression_is_an_error_of_the_parent() {
    let case = Case::new();
    let outcome = by_hand(&case, "expression").run();
    assert_error(&outcome, "Expression, parent, 1", "file: No such file or directory (os error 2)");
}

#[test]
fn copy_that_never_calls_daemonize_is_a_failed_start() {
    let case = Case::new();
    let text = "daemon: ended without calling daemonize";
    assert_error(&by_hand(&case, "never").run(), "NotReady, daemon, 70", text);
    case.wait_until_empty();
}

/// Starts a daemon that is to get this order before it is ready.
fn ordered_before_ready(case: &Case, order: &str, what: &str) -> Outcome {
    let parent = by_hand(case, "ready").arg("obey").spawn();
    case.puppet().order(order, what);
    let outcome = parent.wait();
    case.wait_until_empty();
    outcome
}

#[test]
fn end_of_the_daemon_is_an_error_with_its_status() {
    let table = [
        ("exit", "42", "Ended(42), daemon, 42", "daemon: ended with status 42 before it was ready"),
        ("exit", "0", "Ended(0), daemon, 0", "daemon: ended with status 0 before it was ready"),
        (
            "raise",
            "11",
            "Killed(11), daemon, 139",
            "daemon: killed by signal 11 (SIGSEGV) before it was ready",
        ),
        ("raise", "9", "Killed(9), daemon, 137", "daemon: killed by signal 9 (SIGKILL) before it was ready"),
    ];
    for (order, what, expected, text) in table {
        let case = Case::new();
        assert_error(&ordered_before_ready(&case, order, what), expected, text);
    }
}

#[test]
fn panic_in_the_daemon_is_an_error_with_text_and_place() {
    let case = Case::new();
    let outcome = ordered_before_ready(&case, "panic", "the sky fell");
    assert_eq!(outcome.stdout, b"Panicked, daemon, 70\n", "{outcome:?}");
    let text = String::from_utf8_lossy(&outcome.stderr);
    assert!(text.starts_with("daemon: panicked at tests/support/puppet.rs:"), "{text}");
    assert!(text.ends_with(": the sky fell\n") && text.lines().count() == 1, "{text}");
}

#[test]
fn error_that_main_returns_in_the_daemon_is_printed_by_std() {
    // Only the attribute sees what `main` returns. What std prints of it is relayed.
    let line = "daemon: ended with status 1 before it was ready";
    let case = Case::new();
    let text = format!("Error: \"no luck\"\n{line}");
    assert_error(&ordered_before_ready(&case, "error", "no luck"), "Ended(1), daemon, 1", &text);
    // Also when `Ready` was dropped before: the end of `main` counts.
    let text = format!("Error: \"database is down\"\n{line}");
    assert_error(&by_hand(&case, "ready").arg("error").run(), "Ended(1), daemon, 1", &text);
    case.wait_until_empty();
}

#[test]
fn processes_that_a_thread_forks_do_not_hide_the_end_of_a_start() {
    let case = Case::new();
    let outcome = case.program(program!("forker")).run();
    assert_eq!(
        String::from_utf8_lossy(&outcome.stdout),
        "daemon: ended with status 3 before it was ready\n",
        "{outcome:?}"
    );
    case.wait_until_empty();
}

#[test]
fn ready_can_fail_with_a_reason() {
    let case = Case::new();
    assert_error(&by_hand(&case, "ready").arg("fail").run(), "Failed, daemon, 1", "daemon: no luck");
    case.wait_until_empty();
}

#[test]
fn ready_dropped_unused_ends_a_daemon_that_goes_on() {
    let begin = Instant::now();
    let case = Case::new();
    let parent = by_hand(&case, "ready").arg("drop").spawn();
    let daemon = case.puppet();
    let text = "daemon: dropped `Ready` without `notify`, ended";
    assert_error(&parent.wait(), "NotReady, daemon, 70", text);
    assert!(begin.elapsed() >= Duration::from_secs(2), "`main` had no time to end by itself");
    assert!(!daemon.process().is_alive());
    case.wait_until_empty();
}

#[test]
fn start_that_takes_too_long_is_an_error() {
    let case = Case::new();
    let text = "daemon: not ready within 0.1 s, ended";
    assert_error(&by_hand(&case, "ready").arg("never").run(), "TimedOut, daemon, 75", text);
    case.wait_until_empty();
}

#[test]
fn failed_start_gives_the_files_back_still_locked() {
    let case = Case::new();
    let outcome = by_hand(&case, "gives-back").run();
    outcome.assert_success();
    let seen = String::from_utf8(outcome.stdout).unwrap();
    let promises = ["no such name", "another kind", "listener", "locked", "free", "early", "next start"];
    assert!(seen.lines().eq(promises.map(|promise| format!("{promise}: true"))), "{seen}");
}

#[test]
fn lock_comes_back_from_every_failure() {
    let table = [
        ("file", "Expression, parent, 1"),
        ("name", "OutOfRange, parent, 64"),
        ("exec", "System, parent, 71"),
        ("time", "TimedOut, daemon, 75"),
        ("never", "NotReady, daemon, 70"),
        ("fail", "Failed, daemon, 1"),
        ("panic", "Panicked, daemon, 70"),
        ("exit", "Ended(3), daemon, 3"),
        ("first child", "System, first child, 71"),
        ("stopped first child", "TimedOut, daemon, 75"),
    ];
    for (point, expected) in table {
        let case = Case::new();
        let outcome = by_hand(&case, "gives-back-at").arg(point).run();
        outcome.assert_success();
        let seen = String::from_utf8(outcome.stdout).unwrap();
        assert_eq!(
            seen,
            format!(
                "{expected}
locked: true
free: true
"
            ),
            "{point}"
        );
        case.wait_until_empty();
    }
}

#[test]
fn file_that_fails_gives_those_before_and_behind_it_back() {
    let case = Case::new();
    let outcome = by_hand(&case, "gives-back-others").run();
    outcome.assert_success();
    assert_eq!(outcome.stdout, b"[true, false, true, false]\n");
    assert!(!case.folder().join("later").exists(), "opened although the start had failed");
}

#[test]
fn files_of_one_name_both_come_back() {
    let case = Case::new();
    let outcome = by_hand(&case, "gives-back-namesakes").run();
    outcome.assert_success();
    assert_eq!(outcome.stdout, b"[true, true, false]\n");
}

#[test]
fn panic_under_a_silent_hook_is_a_panic_if_it_drops_ready() {
    let case = Case::new();
    let outcome = by_hand(&case, "silent-hook").run();
    assert_error(&outcome, "Panicked, daemon, 70", "daemon: panicked");
    case.wait_until_empty();
}

#[test]
fn hook_of_the_program_sees_a_panic_and_its_text_appears_once() {
    let case = Case::new();
    let outcome = by_hand(&case, "hook").run();
    assert_eq!(outcome.stdout, b"Panicked, daemon, 70\n", "{outcome:?}");
    let text = String::from_utf8_lossy(&outcome.stderr);
    assert!(text.starts_with("daemon: panicked at tests/programs/by_hand.rs:"), "{text}");
    assert!(text.ends_with(": the sky fell\n") && text.lines().count() == 1, "{text}");
    assert!(case.folder().join("hooked").exists(), "the hook did not run");
    case.wait_until_empty();
}

#[test]
fn hook_that_ends_after_the_daemon_is_up_brings_no_terminal_back() {
    let case = Case::new();
    let outcome = by_hand(&case, "slow-hook").run();
    let text = String::from_utf8_lossy(&outcome.stderr);
    assert!(
        outcome.status.success() && text.starts_with("by_hand: daemon: a thread panicked at "),
        "{outcome:?}"
    );
    let descriptors = case.puppet().process().descriptors();
    assert!(descriptors[&1].is_null_device() && descriptors[&2].is_null_device(), "{descriptors:?}");
}

#[test]
fn stack_overflow_of_an_older_thread_is_told_like_any() {
    let case = Case::new();
    let outcome = by_hand(&case, "overflow").run();
    assert_eq!(outcome.stdout, b"Killed(6), daemon, 134\n", "{outcome:?}");
    let text = String::from_utf8_lossy(&outcome.stderr);
    assert!(text.contains("thread 'deep'") && text.contains("has overflowed its stack"), "{text}");
    assert!(text.ends_with("daemon: killed by signal 6 (SIGABRT) before it was ready\n"), "{text}");
    case.wait_until_empty();
}

/// The status that a dead process has for whoever reaps it.
fn status_of_dead(process: Process) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", process.0)).unwrap();
    let fields = stat[stat.rfind(')').unwrap() + 2..].split_ascii_whitespace();
    let fields: Vec<_> = fields.collect();
    (fields[0] == "Z").then(|| fields[49].parse().unwrap())
}

#[test]
fn notify_ends_the_daemon_when_nobody_waits_any_more() {
    let case = Case::new();
    let parent = by_hand(&case, "ready").arg("obey").spawn();
    let daemon = case.puppet();
    let process = daemon.process();
    // Stopped, it cannot end the daemon, which has to find out by itself.
    let first_child = Process(daemon.number("ppid"));
    first_child.stop();
    parent.process().signal(Signal::SIGKILL);
    parent.wait().assert_killed(Signal::SIGKILL);
    daemon.go();
    // As `waitpid` would say it.
    assert_eq!(wait_until("the end of the daemon", || status_of_dead(process)), 75 << 8);
    first_child.signal(Signal::SIGCONT);
    case.wait_until_empty();
}

// The foreground

#[test]
fn foreground_is_the_same_process() {
    let case = Case::new();
    let program = by_hand(&case, "foreground").spawn();
    let body = case.puppet();
    assert_eq!(body.process(), program.process());
    body.go();
    case.puppet().go();
    program.wait().assert_success();
}

/// A supervisor's socket, under both kinds of name.
fn supervisors(case: &Case) -> [(UnixDatagram, String); 2] {
    let path = case.folder().join("notify");
    let name = format!("{}/notify", case.folder().file_name().unwrap().display());
    let addresses = [
        (SocketAddr::from_pathname(&path).unwrap(), path.display().to_string()),
        (SocketAddr::from_abstract_name(&name).unwrap(), format!("@{name}")),
    ];
    addresses.map(|(address, name)| {
        let socket = UnixDatagram::bind_addr(&address).unwrap();
        socket.set_nonblocking(true).unwrap();
        (socket, name)
    })
}

/// What the supervisor was told, if anything.
fn told(socket: &UnixDatagram) -> Option<Vec<u8>> {
    let mut message = [0; 100];
    match socket.recv(&mut message) {
        Ok(count) => Some(message[..count].to_vec()),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn supervisor_is_told_before_the_body_without_ready() {
    let case = Case::new();
    for (socket, name) in supervisors(&case) {
        let program = by_hand(&case, "foreground").env(format!("NOTIFY_SOCKET={name}")).spawn();
        let body = case.puppet();
        assert_eq!(told(&socket).as_deref(), Some(&b"READY=1"[..]), "{name}");
        body.go();
        case.puppet().go();
        program.wait().assert_success();
        assert_eq!(told(&socket), None, "told twice");
    }
}

#[test]
fn supervisor_is_told_by_ready() {
    let case = Case::new();
    for (socket, name) in supervisors(&case) {
        let program = by_hand(&case, "foreground-ready").env(format!("NOTIFY_SOCKET={name}")).spawn();
        let body = case.puppet();
        assert_eq!(told(&socket), None, "told before `notify`");
        body.go();
        let body = case.puppet();
        assert_eq!(told(&socket).as_deref(), Some(&b"READY=1"[..]), "{name}");
        body.go();
        program.wait().assert_success();
        assert_eq!(told(&socket), None, "told twice");
    }
}

#[test]
fn supervisor_that_cannot_be_told_is_an_error_of_notify() {
    let case = Case::new();
    let program = by_hand(&case, "foreground-ready").env("NOTIFY_SOCKET=/no/such/socket").spawn();
    case.puppet().go();
    let outcome = program.wait();
    assert_eq!(outcome.status.code(), Some(1));
    let text = String::from_utf8_lossy(&outcome.stderr);
    let words = "cannot notify the supervisor at /no/such/socket: No such file or directory (os error 2)";
    assert!(text.contains(words), "{text}");
}

#[test]
fn supervisor_that_cannot_be_told_does_not_keep_a_program_without_ready() {
    let case = Case::new();
    let program = by_hand(&case, "foreground").env("NOTIFY_SOCKET=/no/such/socket").spawn();
    case.puppet().go();
    case.puppet().go();
    program.wait().assert_success();
}

#[test]
fn empty_address_is_no_supervisor() {
    let case = Case::new();
    let program = by_hand(&case, "foreground-ready").env("NOTIFY_SOCKET=").spawn();
    case.puppet().go();
    case.puppet().go();
    program.wait().assert_success();
}

#[test]
fn failure_in_the_foreground_says_why() {
    let case = Case::new();
    let outcome = by_hand(&case, "foreground-fails").run();
    assert_eq!(String::from_utf8_lossy(&outcome.stderr), "by_hand: no luck\n");
    assert_eq!(outcome.status.code(), Some(1));
}

#[test]
fn supervised_program_stays_in_the_foreground() {
    let case = Case::new();
    let [(_socket, name), _] = supervisors(&case);
    let program = case.program(program!("witness")).env(format!("NOTIFY_SOCKET={name}")).spawn();
    let body = case.puppet();
    assert_eq!(body.process(), program.process());
    body.go();
    program.wait().assert_success();
}

#[test]
fn supervised_is_the_main_process_of_a_service_that_notifies() {
    // Each entry is put before the program by a shell, which knows the number that the program will have.
    let table = [
        ("", "false"),
        ("NOTIFY_SOCKET=", "false"),
        ("NOTIFY_SOCKET=/run/x", "true"),
        ("NOTIFY_SOCKET=/run/x SYSTEMD_EXEC_PID=$$", "true"),
        ("NOTIFY_SOCKET=/run/x SYSTEMD_EXEC_PID=1", "false"),
        ("SYSTEMD_EXEC_PID=$$", "false"),
    ];
    let case = Case::new();
    let program = by_hand(&case, "supervised");
    for (entries, expected) in table {
        let script = format!(r#"exec env {entries} "$0" supervised"#);
        let outcome = case.command("/bin/sh").arg("-c").arg(script).arg(program.path()).run();
        outcome.assert_success();
        assert_eq!(String::from_utf8_lossy(&outcome.stdout), expected, "{entries}");
    }
}
