//! Rotations while the daemon prints all the time, by this test and by the real `logrotate`.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
};

use nix::sys::{signal::Signal, wait::WaitStatus};
use support::{Case, Outcome, Process, program, skip, wait_for_end, wait_until};

use crate::{ONE_FILE, TWO_FILES, mode, printer, read, with};

const ROTATIONS: usize = 200;

/// Waits until something is in a file that has just been opened, or is about to be.
#[track_caller]
fn wait_for_lines(case: &Case, name: &str) {
    let path = case.folder().join(name);
    wait_until(format_args!("lines in {name}"), || {
        fs::metadata(&path).is_ok_and(|file| file.len() > 0).then_some(())
    });
}

/// What is in all files of this name, from the oldest one on.
fn all_texts(case: &Case, name: &str) -> Vec<String> {
    let old = (0..ROTATIONS).map(|number| read(case, &format!("{name}.{number}")));
    old.chain([read(case, name)]).collect()
}

/// Of these lines, those of one stream: each number once, in order, and as many as the daemon says that it has printed.
#[track_caller]
fn assert_all_printed(text: &str, stream: &str, count: usize) {
    let prefix = format!("{stream} ");
    let numbers = text.lines().filter_map(|line| line.strip_prefix(&prefix));
    let mut expected = 0;
    for number in numbers {
        assert_eq!(number, expected.to_string(), "{stream}");
        expected += 1;
    }
    assert_eq!(expected, count, "{stream}");
}

/// No line begins in one file and ends in the next one.
#[track_caller]
fn assert_whole(texts: &[String]) {
    for (number, text) in texts.iter().enumerate() {
        let first = text.lines().next().unwrap_or_default();
        let is_whole = first.starts_with("stdout ") || first.starts_with("stderr ");
        assert!(is_whole && text.ends_with('\n'), "a line was cut in rotation {number}");
    }
}

/// Rotates these files all at once, again and again, while two threads print all the time. What is in the files of
/// each name, and how many lines the daemon says that it has printed to stdout and stderr.
#[track_caller]
fn rotated<const N: usize>(
    options: &[&str],
    count: &str,
    names: [&str; N],
) -> ([Vec<String>; N], [usize; 2]) {
    let case = Case::new();
    let actions = ["reopen-on-hup", "ready", "stop=up", count, "stop=counted"];
    let daemon = printer(&case, &with(options, &actions)).daemon();
    let process = daemon.process();
    daemon.go();
    for number in 0..ROTATIONS {
        // In all of them: so the last rotation is over.
        names.iter().for_each(|name| wait_for_lines(&case, name));
        for name in names {
            let path = case.folder().join(name);
            fs::rename(&path, case.folder().join(format!("{name}.{number}"))).unwrap();
        }
        process.signal(Signal::SIGHUP);
    }
    names.iter().for_each(|name| wait_for_lines(&case, name));
    process.signal(Signal::SIGTERM);
    let daemon = case.puppet();
    let counts = ["stdout", "stderr"].map(|stream| daemon.text(stream).parse().unwrap());
    (names.map(|name| all_texts(&case, name)), counts)
}

#[test]
fn no_line_is_lost_while_two_files_are_rotated() {
    let ([out, err], counts) = rotated(&TWO_FILES, "count=macros", ["out", "err"]);
    assert_whole(&out);
    let [out, err] = [out, err].map(|texts| texts.concat());
    assert_all_printed(&out, "stdout", counts[0]);
    assert_all_printed(&err, "stderr", counts[1]);
    // And nothing else.
    assert_eq!([out, err].map(|text| text.lines().count()), counts);
}

#[test]
fn no_line_is_lost_or_cut_while_one_file_is_rotated() {
    let ([texts], counts) = rotated(&ONE_FILE, "count=whole", ["log"]);
    assert_whole(&texts);
    let text = texts.concat();
    assert_all_printed(&text, "stdout", counts[0]);
    assert_all_printed(&text, "stderr", counts[1]);
    assert_eq!(text.lines().count(), counts[0] + counts[1]);
}

/// It goes out in pieces: std has no buffer for stderr.
#[test]
fn no_line_of_eprintln_is_cut_by_a_rotation() {
    let ([err], _) = rotated(&["--stderr=err"], "count=macros", ["err"]);
    assert_whole(&err);
}

// The example

/// The daemon of the example, as it is announced.
#[track_caller]
fn announced(outcome: &Outcome, path: &str) -> Process {
    outcome.assert_success();
    let text = str::from_utf8(&outcome.stdout).unwrap();
    let number =
        text.strip_prefix("process ").and_then(|rest| rest.split_once(' ')).map(|(number, _)| number);
    let Some(number) = number else { panic!("no announcement: {text}") };
    let line = format!(
        "process {number} prints into {path}; after a rotation: kill -HUP {number}; end it: kill {number}\n"
    );
    assert_eq!(text, line);
    Process(number.parse().unwrap())
}

/// The lines of the example, from the first on, in these files.
#[track_caller]
fn assert_lines(case: &Case, files: &[String]) {
    let texts: Vec<_> = files.iter().map(|name| read(case, name)).collect();
    let lines = texts.iter().flat_map(|text| text.lines());
    let expected = (1..).map(|number| format!("line {number}"));
    assert!(lines.zip(expected).all(|(line, expected)| line == expected), "{texts:?}");
    assert!(texts.iter().all(|text| text.ends_with('\n')), "{texts:?}");
}

#[track_caller]
fn assert_ends_by_sigterm(daemon: Process) {
    daemon.signal(Signal::SIGTERM);
    let status = wait_for_end(daemon.0);
    assert!(matches!(status, WaitStatus::Exited(_, 0)), "{status:?}");
}

#[test]
fn example_prints_into_a_file_until_sigterm() {
    let case = Case::new();
    let outcome = case.program(program!("log_files")).arg("app.log").first(["umask", "0"]).run();
    let daemon = announced(&outcome, "app.log");
    wait_for_lines(&case, "app.log");
    assert_eq!(daemon.directory(), Path::new("/"));
    assert_ends_by_sigterm(daemon);
    assert_lines(&case, &["app.log".to_owned()]);
    // With the umask that is the default.
    assert_eq!(mode(&case.folder().join("app.log")), 0o640);
}

#[test]
fn example_has_a_file_of_its_own() {
    let case = Case::new();
    let folder = case.folder().to_str().unwrap();
    let outcome = case.program(program!("log_files")).env(format!("TMPDIR={folder}")).run();
    let daemon = announced(&outcome, &format!("{folder}/log_files.log"));
    wait_for_lines(&case, "log_files.log");
    assert_ends_by_sigterm(daemon);
}

#[test]
fn example_goes_on_in_the_old_file_and_says_there_why() {
    let case = Case::new();
    let daemon = announced(&case.program(program!("log_files")).arg("app.log").run(), "app.log");
    fs::rename(case.folder().join("app.log"), case.folder().join("app.log.1")).unwrap();
    fs::create_dir(case.folder().join("app.log")).unwrap();
    daemon.signal(Signal::SIGHUP);
    let path = case.folder().join("app.log").display().to_string();
    let line = format!("cannot open the log file {path}: it is a directory\n");
    // It is said in the old file, and more comes behind.
    wait_until("a line behind the complaint", || {
        let text = read(&case, "app.log.1");
        let (_, rest) = text.split_once(&line)?;
        rest.contains("line ").then_some(())
    });
    assert_ends_by_sigterm(daemon);
}

// logrotate

const LOGROTATE: &str = "/usr/sbin/logrotate";

#[test]
fn logrotate_loses_no_line_of_the_example() {
    if !Path::new(LOGROTATE).exists() {
        return skip("there is no logrotate here");
    }
    let case = Case::new();
    let daemon = announced(&case.program(program!("log_files")).arg("app.log").run(), "app.log");
    // As in the head of the example, but for the number of files, and a signal to this one alone.
    let path = case.folder().join("app.log").display().to_string();
    let rules = "weekly\n rotate 9\n missingok\n nocreate";
    let script = format!("postrotate\n kill -HUP {}\n endscript", daemon.0);
    let configuration = case.folder().join("logrotate.conf");
    fs::write(&configuration, format!("\"{path}\" {{\n {rules}\n {script}\n}}\n")).unwrap();
    // It reads none that others may have written.
    fs::set_permissions(&configuration, Permissions::from_mode(0o644)).unwrap();
    for _ in 0..5 {
        wait_for_lines(&case, "app.log");
        let logrotate = case.command(LOGROTATE).arg("--state").arg(case.folder().join("state"));
        logrotate.arg("--force").arg(&configuration).run().assert_success();
    }
    wait_for_lines(&case, "app.log");
    assert_ends_by_sigterm(daemon);
    let old = (1..=5).rev().map(|number| format!("app.log.{number}"));
    assert_lines(&case, &old.chain(["app.log".to_owned()]).collect::<Vec<_>>());
    let others = ["app.log.6", "app.log.0"];
    assert!(others.iter().all(|name| !case.folder().join(name).exists()));
    assert_eq!(mode(&case.folder().join("app.log")), 0o640);
}
