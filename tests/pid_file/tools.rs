//! What administrators use: each of these programs understands the pid file. They are Debian's.

use std::{
    fs,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU32, Ordering},
};

use nix::sys::{signal::Signal, wait::WaitStatus};
use support::{Case, Launch, Outcome, Process, program, skip, wait_for_end};

use crate::{
    assert_free, assert_holds, assert_locked_out, is_locked, keeper, kill, obeying, pid_path, start, started,
};

/// Where a program is. Says so if it is nowhere.
fn installed(name: &str) -> Option<PathBuf> {
    let folders = ["/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin"];
    let path = folders.map(|folder| Path::new(folder).join(name)).into_iter().find(|path| path.exists());
    if path.is_none() {
        skip(&format!("{name} is not installed"));
    }
    path
}

fn run(case: &Case, tool: &Path, args: &[&str]) -> Outcome {
    args.iter().fold(case.command(tool), Launch::arg).run()
}

/// A name that no other process has, and that is short enough for the system.
fn unique_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("kp{:x}-{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

#[track_caller]
fn assert_lists(outcome: &Outcome, process: Process) {
    assert_eq!(String::from_utf8_lossy(&outcome.stdout), format!("{}\n", process.0), "{outcome:?}");
    outcome.assert_success();
}

// start-stop-daemon

#[test]
fn start_stop_daemon_starts_one_and_no_second() {
    let Some(tool) = installed("start-stop-daemon") else { return };
    let case = Case::new();
    let path = pid_path(&case);
    let program = keeper(&case, &path).path().to_str().unwrap().to_owned();
    let text = path.to_str().unwrap();
    let start = ["--start", "--pidfile", text, "--exec", &program, "--", text];
    let daemon = started(&run(&case, &tool, &start));
    assert_holds(&path, daemon);
    assert_eq!(run(&case, &tool, &start).status.code(), Some(1));
    let ok_nodo = ["--start", "--oknodo", "--pidfile", text, "--exec", &program, "--", text];
    assert_eq!(run(&case, &tool, &ok_nodo).status.code(), Some(0));
    assert_holds(&path, daemon);
    assert_eq!(case.processes(), [daemon]);
    // What was left behind does not keep it from starting the next one.
    kill(daemon);
    assert_holds(&path, started(&run(&case, &tool, &start)));
}

#[test]
fn start_stop_daemon_knows_the_status() {
    let Some(tool) = installed("start-stop-daemon") else { return };
    let case = Case::new();
    let path = pid_path(&case);
    let status = || run(&case, &tool, &["--status", "--pidfile", path.to_str().unwrap()]).status.code();
    // 3: not running.
    assert_eq!(status(), Some(3));
    let daemon = obeying(&case, &path);
    let process = daemon.process();
    assert_eq!(status(), Some(0));
    daemon.go();
    wait_for_end(process.0);
    assert_eq!(status(), Some(3));
    // 1: not running, and the file is there.
    kill(start(&case, &path));
    assert_eq!(status(), Some(1));
}

#[test]
fn start_stop_daemon_stops_the_daemon() {
    let Some(tool) = installed("start-stop-daemon") else { return };
    let case = Case::new();
    let path = pid_path(&case);
    let text = path.to_str().unwrap();
    for more in [&[][..], &["--retry", "30"]] {
        let daemon = start(&case, &path);
        let args = [&["--stop", "--pidfile", text], more].concat();
        let stop = args.iter().fold(case.command(&tool), Launch::arg).spawn();
        // It waits until nobody has the number any more, so the end is reaped meanwhile.
        let WaitStatus::Signaled(_, Signal::SIGTERM, _) = wait_for_end(daemon.0) else {
            panic!("another end")
        };
        let outcome = stop.wait();
        assert!(outcome.status.success(), "{more:?}: {outcome:?}");
        assert_free(&path);
        // Nothing is there to be stopped.
        let outcome = run(&case, &tool, &args);
        assert_eq!(outcome.status.code(), Some(1), "{more:?}: {outcome:?}");
    }
}

#[test]
fn start_stop_daemon_restarts_fifty_times() {
    let Some(tool) = installed("start-stop-daemon") else { return };
    let case = Case::new();
    let path = pid_path(&case);
    for _ in 0..50 {
        let daemon = start(&case, &path);
        let stop =
            case.command(&tool).arg("--stop").arg("--retry").arg("30").arg("--pidfile").arg(&path).spawn();
        wait_for_end(daemon.0);
        assert!(stop.wait().status.success());
    }
}

// pgrep, pkill

#[test]
fn pgrep_finds_the_daemon_by_its_file() {
    let Some(tool) = installed("pgrep") else { return };
    let case = Case::new();
    let path = pid_path(&case);
    let daemon = start(&case, &path);
    let text = path.to_str().unwrap();
    assert_lists(&run(&case, &tool, &["-F", text]), daemon);
    assert_lists(&run(&case, &tool, &["--pidfile", text, "-x", "keeper"]), daemon);
}

#[test]
fn pgrep_sees_the_lock() {
    let Some(tool) = installed("pgrep") else { return };
    let case = Case::new();
    let path = pid_path(&case);
    let daemon = start(&case, &path);
    let text = path.to_str().unwrap();
    assert_lists(&run(&case, &tool, &["--logpidfile", "--pidfile", text]), daemon);
    assert_lists(&run(&case, &tool, &["-L", "-F", text]), daemon);
    assert_holds(&path, daemon);
    kill(daemon);
    let outcome = run(&case, &tool, &["-L", "-F", text]);
    assert!(!outcome.status.success() && outcome.stdout.is_empty(), "{outcome:?}");
}

#[test]
fn pgrep_and_pkill_find_the_daemon_by_its_name() {
    let (Some(pgrep), Some(pkill)) = (installed("pgrep"), installed("pkill")) else { return };
    let case = Case::new();
    let path = pid_path(&case);
    let name = unique_name();
    let program = case.folder().join(&name);
    fs::hard_link(program!("keeper"), &program).unwrap();
    let daemon = started(&case.command(&program).arg(&path).run());
    assert_lists(&run(&case, &pgrep, &["-x", &name]), daemon);
    run(&case, &pkill, &["-x", &name]).assert_success();
    let WaitStatus::Signaled(_, Signal::SIGTERM, _) = wait_for_end(daemon.0) else { panic!("another end") };
    assert_eq!(run(&case, &pgrep, &["-x", &name]).status.code(), Some(1));
}

#[test]
fn pkill_ends_the_daemon_by_its_file() {
    let Some(tool) = installed("pkill") else { return };
    let case = Case::new();
    let path = pid_path(&case);
    let daemon = start(&case, &path);
    run(&case, &tool, &["--signal", "USR1", "-L", "-F", path.to_str().unwrap()]).assert_success();
    let WaitStatus::Signaled(_, Signal::SIGUSR1, _) = wait_for_end(daemon.0) else { panic!("another end") };
    assert_free(&path);
}

// flock

#[test]
fn holder_by_flock_is_running() {
    let Some(tool) = installed("flock") else { return };
    let case = Case::new();
    let path = pid_path(&case);
    let holder = case.command(&tool).arg("--no-fork").arg(&path).arg("sleep").arg("1000").spawn();
    // It has the lock when it has become the other program.
    let sleep = case.process_named("sleep");
    assert_eq!(sleep, holder.process());
    assert_locked_out(&keeper(&case, &path).run(), &path);
    sleep.signal(Signal::SIGKILL);
    holder.wait();
    assert_holds(&path, start(&case, &path));
}

#[test]
fn flock_finds_the_daemon_in_its_way() {
    let Some(tool) = installed("flock") else { return };
    let case = Case::new();
    let path = pid_path(&case);
    let daemon = start(&case, &path);
    let args = ["--nonblock", "--conflict-exit-code", "42", path.to_str().unwrap(), "true"];
    assert_eq!(run(&case, &tool, &args).status.code(), Some(42));
    kill(daemon);
    assert_eq!(run(&case, &tool, &args).status.code(), Some(0));
    assert!(!is_locked(&path));
}

// lsof

/// The descriptors of a process, and what they are, as `lsof` says it.
#[track_caller]
fn listed(case: &Case, tool: &Path, process: Process) -> Vec<(i32, String)> {
    let outcome = run(case, tool, &["-nP", "-w", "-p", &process.0.to_string(), "-F", "fn"]);
    outcome.assert_success();
    let text = String::from_utf8(outcome.stdout).unwrap();
    let mut listed = Vec::new();
    let mut number = None;
    for line in text.lines() {
        let (kind, rest) = line.split_at(1);
        match (kind, number) {
            // Those of no number are the program, its directory, its libraries.
            ("f", _) => number = rest.parse().ok(),
            ("n", Some(number)) => listed.push((number, rest.to_owned())),
            _ => {}
        }
    }
    listed
}

#[test]
fn lsof_shows_nothing_open_that_should_not_be() {
    let Some(tool) = installed("lsof") else { return };
    let case = Case::new();
    let path = pid_path(&case);
    let dirty = ["open", "3", "/", "pipe", "7", "tcp", "20", "pair", "30", "stream", "x"];
    let socket = case.folder().join("socket");
    let daemon =
        started(&keeper(&case, &path).env(format!("SOCKET={}", socket.display())).first(dirty).run());
    let mut files = listed(&case, &tool, daemon);
    let standard: Vec<_> = files.drain(..3).collect();
    assert_eq!(standard, [0, 1, 2].map(|number| (number, "/dev/null".to_owned())));
    let mut names: Vec<_> = files.iter().map(|(_, name)| name.as_str()).collect();
    names.sort_unstable();
    let [pid, listener] = names[..] else { panic!("{files:?}") };
    assert_eq!(pid, path.to_str().unwrap());
    assert!(listener.starts_with(socket.to_str().unwrap()), "{files:?}");
}

#[test]
fn lsof_shows_who_has_the_file() {
    let Some(tool) = installed("lsof") else { return };
    let case = Case::new();
    let path = pid_path(&case);
    let daemon = start(&case, &path);
    // Neither the parent nor the first child.
    assert_lists(&run(&case, &tool, &["-t", "-w", path.to_str().unwrap()]), daemon);
    kill(daemon);
    assert_eq!(run(&case, &tool, &["-t", "-w", path.to_str().unwrap()]).stdout, b"");
}
