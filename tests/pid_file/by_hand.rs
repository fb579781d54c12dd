//! The library without the attribute: the parent goes on, and has nothing of the pid file.

use std::{fs, path::Path};

use nix::sys::signal::Signal;
use support::{Case, Launch, Process, Puppet, program, wait_for_end};

use crate::{assert_free, assert_holds, is_locked, keeper, kill, pid_path, set_mode, start, write};

fn steward<'case>(case: &'case Case, what: &str, path: &Path) -> Launch<'case> {
    case.program(program!("steward")).arg(what).arg(path)
}

/// What both processes of a start report, the parent first.
fn both(case: &Case) -> [Puppet; 2] {
    let (one, two) = (case.puppet(), case.puppet());
    if one.text("point") == "parent" { [one, two] } else { [two, one] }
}

fn has_open(process: Process, path: &Path) -> bool {
    process.descriptors().values().any(|descriptor| descriptor.target.starts_with(path.parent().unwrap()))
}

#[test]
fn parent_that_lives_on_holds_no_lock() {
    let case = Case::new();
    let path = pid_path(&case);
    let program = steward(&case, "starts", &path).spawn();
    let [parent, daemon] = both(&case);
    let process = daemon.process();
    assert_eq!(parent.number("started"), process.0);
    assert_holds(&path, process);
    assert!(!has_open(parent.process(), &path));
    kill(process);
    assert!(parent.process().is_alive() && !is_locked(&path));
    parent.go();
    program.wait().assert_success();
}

#[test]
fn parent_that_lives_on_leaves_the_file_to_the_daemon() {
    let case = Case::new();
    let path = pid_path(&case);
    let program = steward(&case, "starts", &path).spawn();
    let [parent, daemon] = both(&case);
    let process = daemon.process();
    // The end of the parent is an ordinary one.
    parent.go();
    program.wait().assert_success();
    assert_holds(&path, process);
    daemon.go();
    wait_for_end(process.0);
    assert!(!path.exists());
}

#[test]
fn pid_file_is_held_while_the_program_does_what_it_does_at_its_end() {
    let case = Case::new();
    let path = pid_path(&case);
    let program = steward(&case, "ends-late", &path).spawn();
    let (one, two) = (case.puppet(), case.puppet());
    let [parent, daemon] = if one.text("stage") == "parent" { [one, two] } else { [two, one] };
    parent.go();
    program.wait().assert_success();
    let process = daemon.process();
    assert_holds(&path, process);
    daemon.go();
    wait_for_end(process.0);
    assert!(!path.exists());
}

#[test]
fn parent_that_exits_during_its_start_leaves_the_file_to_the_daemon_until_that_has_ended() {
    let case = Case::new();
    let path = pid_path(&case);
    let program = steward(&case, "exits-meanwhile", &path).spawn();
    let [parent, daemon] = both(&case);
    let process = daemon.process();
    // Who would end the daemon at once.
    let first_child = Process(process.stat().parent);
    first_child.stop();
    parent.go();
    assert_eq!(program.wait_for_exit().code(), Some(7));
    assert_holds(&path, process);
    let outcome = keeper(&case, &path).run();
    assert_eq!(outcome.status.code(), Some(69), "{outcome:?}");
    assert_holds(&path, process);
    first_child.signal(Signal::SIGCONT);
    process.wait_until_dead();
    case.wait_until_empty();
    assert_free(&path);
}

#[test]
fn parent_whose_start_failed_has_nothing_left_of_it() {
    for (what, about) in [
        ("fails-in-parent", "Expression, parent, 1"),
        ("fails-in-daemon", "Failed, daemon, 1"),
        ("fails-at-exec", "System, parent, 71"),
    ] {
        let case = Case::new();
        let path = pid_path(&case);
        let program = steward(&case, what, &path).spawn();
        let parent = case.puppet();
        assert_eq!(parent.text("about"), about, "{}", parent.text("text"));
        assert!(!path.exists() && !has_open(parent.process(), &path), "{what}");
        let other = start(&case, &path);
        assert_holds(&path, other);
        // Nor does it take away, at its end, what is another's by now.
        parent.go();
        program.wait().assert_success();
        assert_holds(&path, other);
    }
}

#[test]
fn lock_of_a_failed_start_is_free_where_the_file_stays() {
    let case = Case::new();
    if !crate::has_ordinary_user(&case) {
        return;
    }
    for what in ["fails-in-parent", "fails-in-daemon", "fails-at-exec"] {
        let folder = case.folder().join("for-all");
        let _ = fs::remove_dir_all(&folder);
        let path = crate::folder_for_all(&case).join("pid");
        write(&path, "");
        set_mode(&path, 0o666);
        set_mode(&folder, 0o555);
        let program = steward(&case, what, &path).unprivileged().spawn();
        let parent = case.puppet();
        assert!(!is_locked(&path), "{what}");
        assert_eq!(fs::read(&path).unwrap(), b"", "{what}");
        parent.go();
        program.wait().assert_success();
        set_mode(&folder, 0o777);
    }
}

#[test]
fn start_after_a_failed_one_in_the_same_process_goes_well() {
    let case = Case::new();
    let path = pid_path(&case);
    let outcome = steward(&case, "starts-after-a-failure", &path).run();
    outcome.assert_success();
    let daemon = case.puppet();
    let text = format!("daemon: no luck\n{}\n", daemon.process().0);
    assert_eq!(String::from_utf8_lossy(&outcome.stdout), text);
    assert_holds(&path, daemon.process());
}

#[test]
fn second_start_of_the_library_is_refused_and_says_so() {
    let case = Case::new();
    let path = pid_path(&case);
    let daemon = start(&case, &path);
    let program = steward(&case, "fails-in-daemon", &path).spawn();
    let parent = case.puppet();
    assert_eq!(parent.text("about"), format!("AlreadyRunning(Some({})), parent, 69", daemon.0));
    let line = format!("already running: process {} holds {}", daemon.0, path.display());
    assert_eq!(parent.text("text"), line);
    assert!(!has_open(parent.process(), &path));
    parent.go();
    program.wait().assert_success();
    assert_holds(&path, daemon);
}

#[test]
fn one_of_eight_threads_starts_the_daemon() {
    let case = Case::new();
    let path = pid_path(&case);
    for _ in 0..20 {
        let program = steward(&case, "starts-at-once", &path).spawn();
        let number = program.process().0;
        let outcome = program.wait();
        outcome.assert_success();
        let daemon = case.puppet();
        let process = daemon.process();
        let winner = format!("Parent({})", process.0);
        let losers = [number, process.0].map(|holder| format!("AlreadyRunning(Some({holder}))"));
        let text = String::from_utf8(outcome.stdout).unwrap();
        let lost = text.lines().filter(|line| losers.iter().any(|loser| loser == line)).count();
        assert_eq!((text.lines().filter(|line| *line == winner).count(), lost), (1, 7), "{text}");
        assert_holds(&path, process);
        daemon.go();
        wait_for_end(process.0);
        assert!(!path.exists());
    }
}
