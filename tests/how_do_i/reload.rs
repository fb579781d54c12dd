//! Reading the configuration again.

use std::fs;

use nix::sys::signal::Signal;
use support::{Case, Launch, program, wait_until};

use crate::{assert_refused, daemon_in, end};

/// Started with a relative path, elsewhere.
fn reload(case: &Case) -> Launch<'_> {
    fs::create_dir_all(case.folder().join("here")).unwrap();
    case.program(program!("reload")).arg("../interval.txt").first(["chdir", "here"])
}

/// Waits until these are the lines of the log.
#[track_caller]
fn wait_for_log(case: &Case, lines: &[&str]) {
    let path = case.folder().join("interval.log");
    let wanted: String = lines.iter().flat_map(|line| [line, "\n"]).collect();
    wait_until(format_args!("{lines:?}"), || (fs::read_to_string(&path).ok()? == wanted).then_some(()));
}

#[test]
fn configuration_is_read_again_and_a_faulty_one_changes_nothing() {
    let case = Case::new();
    let path = case.folder().join("interval.txt");
    fs::write(&path, "60\n").unwrap();
    let outcome = reload(&case).run();
    outcome.assert_success();
    let daemon = daemon_in(&case, str::from_utf8(&outcome.stdout).unwrap());
    let mut log = vec!["the interval is 60 s"];
    wait_for_log(&case, &log);

    fs::write(&path, "30\n").unwrap();
    daemon.signal(Signal::SIGHUP);
    log.push("the interval is 30 s");
    wait_for_log(&case, &log);

    fs::write(&path, "soon\n").unwrap();
    daemon.signal(Signal::SIGHUP);
    let shown = case.folder().join("here/../interval.txt");
    let complaint = format!("the interval stays 30 s: {}: invalid digit found in string", shown.display());
    log.extend([complaint.as_str(), "the interval is 30 s"]);
    wait_for_log(&case, &log);

    fs::write(&path, "15\n").unwrap();
    daemon.signal(Signal::SIGHUP);
    log.push("the interval is 15 s");
    wait_for_log(&case, &log);
    end(daemon);
}

#[test]
fn configuration_that_is_faulty_at_the_start_is_told_at_the_terminal() {
    let case = Case::new();
    fs::write(case.folder().join("interval.txt"), "soon\n").unwrap();
    let shown = case.folder().join("here/../interval.txt");
    let line = format!("reload: daemon: {}: invalid digit found in string", shown.display());
    assert_refused(&reload(&case).run(), &line, 1);
    case.wait_until_empty();
}
