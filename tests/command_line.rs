//! The example `command_line`: a daemon whose command line behaves as every command line does.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    fs,
    io::Read,
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    time::Duration,
};

use nix::{
    sys::{signal::Signal, stat::Mode, wait::WaitStatus},
    unistd::{Pid, mkfifo},
};
use support::{Case, Launch, Outcome, Process, program, wait_for_end, wait_until};

fn command_line<'case>(case: &'case Case, args: &[&str]) -> Launch<'case> {
    args.iter().fold(case.program(program!("command_line")), Launch::arg)
}

/// The same, on a port that is free.
fn server<'case>(case: &'case Case, args: &[&str]) -> Launch<'case> {
    command_line(case, args).arg("--listen").arg("127.0.0.1:0")
}

/// Where it listens and who it is, as the program says it.
#[track_caller]
fn announced(text: &str) -> (SocketAddr, Process) {
    let words = text.strip_prefix("command_line listens on ").and_then(|rest| rest.strip_suffix('\n'));
    let Some((address, pid)) = words.and_then(|words| words.split_once("; end it: kill ")) else {
        panic!("no announcement: {text}")
    };
    (address.parse().unwrap(), Process(pid.parse().unwrap()))
}

/// The daemon of a start that went well.
#[track_caller]
fn started(outcome: &Outcome) -> (SocketAddr, Process) {
    assert!(outcome.status.success() && outcome.stdout.is_empty(), "{outcome:?}");
    announced(str::from_utf8(&outcome.stderr).unwrap())
}

/// What the server sends to whoever connects.
#[track_caller]
fn answer_of(address: SocketAddr) -> String {
    let mut connection = TcpStream::connect(address).unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    answer
}

// What is answered at the terminal

#[test]
fn help_and_version_are_the_parents() {
    let version = concat!("command_line ", env!("CARGO_PKG_VERSION"), "\n");
    let table =
        [("--help", "Usage: command_line [OPTIONS] <FILE>"), ("-h", "--listen"), ("--version", version)];
    for (arg, text) in table {
        let case = Case::new();
        let outcome = command_line(&case, &[arg]).run();
        outcome.assert_success();
        let stdout = String::from_utf8_lossy(&outcome.stdout);
        assert!(stdout.contains(text), "{arg}: {stdout}");
        assert!(case.processes().is_empty(), "{arg}");
    }
}

#[test]
fn bad_arguments_are_refused_at_the_terminal() {
    let usage = "\nUsage: command_line ";
    let table: [(&[&str], _, _); 5] = [
        (&[], "the following required arguments were not provided", usage),
        (&["notice", "another"], "unexpected argument 'another'", usage),
        (&["notice", "--liste"], "unexpected argument '--liste'", usage),
        (&["notice", "--listen", "nowhere"], "invalid value 'nowhere'", "invalid socket address syntax"),
        (&["notice", "--start-timeout", "soon"], "invalid value 'soon'", "invalid digit"),
    ];
    for (args, begin, more) in table {
        let case = Case::new();
        fs::write(case.folder().join("notice"), "open today").unwrap();
        let outcome = command_line(&case, args).run();
        assert_eq!(
            (outcome.status.code(), outcome.stdout.as_slice()),
            (Some(2), b"".as_slice()),
            "{outcome:?}"
        );
        let stderr = String::from_utf8_lossy(&outcome.stderr);
        assert!(stderr.starts_with(&format!("error: {begin}")) && stderr.contains(more), "{stderr}");
        // Nor has a daemon something to add.
        assert!(stderr.ends_with("\nFor more information, try '--help'.\n"), "{stderr}");
        assert!(case.processes().is_empty(), "{args:?}");
    }
}

/// A start that fails: in one line, with this status, and without a trace.
#[track_caller]
fn assert_failed(case: &Case, launch: Launch<'_>, line: &str, status: i32) {
    let outcome = launch.run();
    assert_eq!((outcome.failure(), outcome.status.code()), (line, Some(status)));
    assert_eq!(outcome.stdout, b"");
    case.wait_until_empty();
}

#[test]
fn missing_file_is_an_error_at_the_terminal() {
    let case = Case::new();
    let path = case.folder().join("missing");
    let line = format!("command_line: daemon: {}: No such file or directory (os error 2)", path.display());
    assert_failed(&case, server(&case, &["missing"]), &line, 1);
}

#[test]
fn busy_address_is_an_error_at_the_terminal() {
    let case = Case::new();
    fs::write(case.folder().join("notice"), "open today").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let launch = command_line(&case, &["notice", "--listen", &address]);
    assert_failed(&case, launch, "command_line: listener: Address already in use (os error 98)", 1);
}

#[test]
fn start_timeout_ends_a_start_that_takes_longer() {
    let case = Case::new();
    // Nobody writes, so that whoever opens it waits.
    mkfifo(&case.folder().join("pipe"), Mode::S_IRUSR).unwrap();
    let launch = server(&case, &["pipe", "--start-timeout", "1"]);
    assert_failed(&case, launch, "command_line: daemon: not ready within 1 s, ended", 75);
}

// The server

#[test]
fn daemon_sends_the_file_of_a_relative_path_as_it_is_now() {
    let case = Case::new();
    let notice = case.folder().join("notice");
    fs::write(&notice, "open today").unwrap();
    fs::create_dir(case.folder().join("here")).unwrap();
    let outcome = server(&case, &["../notice"]).first(["chdir", "here"]).run();
    let (address, daemon) = started(&outcome);
    assert_eq!(case.processes(), [daemon]);
    assert_eq!(daemon.directory(), Path::new("/"));
    assert_eq!(answer_of(address), "open today");
    // Another file, under the same name.
    let new = case.folder().join("new");
    fs::write(&new, "closed tomorrow").unwrap();
    fs::rename(new, notice).unwrap();
    assert_eq!(answer_of(address), "closed tomorrow");
}

#[test]
fn daemon_ends_by_sigterm() {
    let case = Case::new();
    fs::write(case.folder().join("notice"), "open today").unwrap();
    let outcome = server(&case, &["notice", "--start-timeout", "3600"]).run();
    let (_, daemon) = started(&outcome);
    daemon.signal(Signal::SIGTERM);
    assert_eq!(wait_for_end(daemon.0), WaitStatus::Exited(Pid::from_raw(daemon.0), 0));
    assert!(case.processes().is_empty());
}

#[test]
fn foreground_is_the_process_that_the_user_started() {
    let case = Case::new();
    fs::write(case.folder().join("notice"), "open today").unwrap();
    let log = case.folder().join("log");
    let program = server(&case, &["--foreground", "notice"]).first(["open", "2", "log"]).spawn();
    let text =
        wait_until("the announcement", || fs::read_to_string(&log).ok().filter(|text| text.ends_with('\n')));
    let (address, process) = announced(&text);
    assert_eq!((process, case.processes().as_slice()), (program.process(), [process].as_slice()));
    assert_eq!(process.directory(), case.folder());
    assert_eq!(answer_of(address), "open today");
    process.signal(Signal::SIGTERM);
    let outcome = program.wait();
    outcome.assert_success();
    assert_eq!(outcome.stdout, b"");
    // Output stays where it was.
    assert_eq!(fs::read_to_string(&log).unwrap(), text + "command_line ends\n");
    assert!(case.processes().is_empty());
}
