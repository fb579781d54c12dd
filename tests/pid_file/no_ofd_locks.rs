//! Where the system has no locks of open files: an old kernel, another system, a file system that knows only `flock`.

use std::{fs, path::Path};

use support::{Case, Launch, Outcome, Process, program, wait_for_end};

use crate::{
    assert_already_running, is_locked, keeper, kill, number_in, pid_path, started, stopped_at, write,
};

fn without(launch: Launch<'_>) -> Launch<'_> {
    launch.first(["refuse-ofd-locks"])
}

#[track_caller]
fn start(case: &Case, path: &Path) -> Process {
    started(&without(keeper(case, path)).run())
}

/// What a program prints that asks under the same conditions.
#[track_caller]
fn asked(case: &Case, args: &[&str]) -> String {
    let outcome: Outcome = args.iter().fold(without(case.program(program!("pid_client"))), Launch::arg).run();
    outcome.assert_success();
    String::from_utf8(outcome.stdout).unwrap()
}

#[test]
fn daemon_has_its_file_and_others_are_refused() {
    let case = Case::new();
    let path = pid_path(&case);
    let daemon = start(&case, &path);
    assert_eq!(number_in(&path), daemon.0);
    assert!(is_locked(&path));
    assert_already_running(&without(keeper(&case, &path)).run(), &path, daemon);
    // Also one that has such locks.
    assert_already_running(&keeper(&case, &path).run(), &path, daemon);
    assert_eq!(number_in(&path), daemon.0);
}

#[test]
fn start_that_goes_on_is_named() {
    let case = Case::new();
    let path = pid_path(&case);
    let parent = without(keeper(&case, &path)).env("STOPS=files").spawn();
    let _stopped = case.puppet();
    assert_already_running(&without(keeper(&case, &path)).run(), &path, parent.process());
}

#[test]
fn daemon_is_seen_to_run_and_can_be_stopped() {
    let case = Case::new();
    let path = pid_path(&case);
    let daemon = start(&case, &path);
    let text = path.to_str().unwrap();
    for _ in 0..5 {
        assert_eq!(asked(&case, &["running", text]), format!("Ok(Some({}))\n", daemon.0));
    }
    assert_eq!(asked(&case, &["signal", text, "0"]), "Ok(())\n");
    assert_eq!(asked(&case, &["stop", text, "30000"]), "Ok(())\n");
    assert!(!daemon.is_alive());
    wait_for_end(daemon.0);
    assert_eq!(asked(&case, &["running", text]), "Ok(None)\n");
    assert_eq!(asked(&case, &["stop", text, "30000"]), "Err(NotFound)\n");
}

#[test]
fn stale_file_counts_for_nothing() {
    let case = Case::new();
    let path = pid_path(&case);
    write(&path, "1\n");
    assert_eq!(asked(&case, &["running", path.to_str().unwrap()]), "Ok(None)\n");
    let daemon = start(&case, &path);
    assert_eq!(number_in(&path), daemon.0);
    kill(daemon);
    assert_eq!(asked(&case, &["running", path.to_str().unwrap()]), "Ok(None)\n");
}

#[test]
fn end_removes_the_file() {
    let case = Case::new();
    let path = pid_path(&case);
    let daemon = without(keeper(&case, &path)).env("STOPS=up").daemon();
    let process = daemon.process();
    daemon.go();
    wait_for_end(process.0);
    assert!(!path.exists());
}

#[test]
fn failed_start_leaves_no_file() {
    let case = Case::new();
    let path = pid_path(&case);
    let parent = without(keeper(&case, &path)).env("STOPS=body").spawn();
    case.puppet().order("error", "no luck");
    assert_eq!(parent.wait().status.code(), Some(1));
    assert!(!path.exists());
    // With such locks, to see that nothing of the filter was for the others.
    let (_parent, stopped) = stopped_at(&case, &path, "body");
    assert_eq!(number_in(&path), stopped.process().0);
}

#[test]
fn queries_make_no_start_fail() {
    // They take the lock for a moment, and a start waits for that.
    let case = Case::new();
    let path = pid_path(&case);
    write(&path, "");
    let _queries = without(case.program(program!("pid_client"))).arg("queries").arg(&path).spawn();
    let asking = case.puppet();
    let asker = asking.process();
    asking.go();
    for round in 0..100 {
        let daemon = start(&case, &path);
        assert_eq!(number_in(&path), daemon.0);
        kill(daemon);
        if round % 2 == 0 {
            fs::remove_file(&path).unwrap();
        }
    }
    assert!(asker.is_alive(), "it failed itself");
}
