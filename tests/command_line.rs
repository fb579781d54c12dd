//! The example `command_line`: a server as an administrator expects it, and a command line as every user does.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    fs::{self, File, Permissions},
    io::Read,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    os::unix::{
        fs::{MetadataExt, OpenOptionsExt, PermissionsExt, chown, symlink},
        net::UnixListener,
    },
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU16, Ordering},
    time::{Duration, Instant},
};

use nix::{
    sys::{signal::Signal, stat::Mode, wait::WaitStatus},
    unistd::{Pid, User, mkfifo},
};
use support::{Case, Launch, Outcome, Process, Terminal, is_root, program, skip, wait_for_end, wait_until};

/// With these arguments alone. What starts a server names its pid file as well, or takes one that everybody has.
fn command_line<'case>(case: &'case Case, args: &[&str]) -> Launch<'case> {
    args.iter().fold(case.program(program!("command_line")), Launch::arg)
}

/// With the pid file of this case: `stop`, `status`.
fn instance<'case>(case: &'case Case, args: &[&str]) -> Launch<'case> {
    command_line(case, args).arg("--pid-file").arg(pid_path(case))
}

/// The same, on a port that is free: `start`, `restart`.
fn server<'case>(case: &'case Case, args: &[&str]) -> Launch<'case> {
    instance(case, args).arg("--listen").arg("127.0.0.1:0")
}

/// A case with a file to send.
fn case_with_notice() -> Case {
    let case = Case::new();
    fs::write(case.folder().join("notice"), "open today").unwrap();
    case
}

fn pid_path(case: &Case) -> PathBuf {
    case.folder().join("pid")
}

/// Whom the pid file names, which holds nothing else.
#[track_caller]
fn process_in(path: &Path) -> Process {
    let text = fs::read_to_string(path).unwrap();
    Process(text.strip_suffix('\n').unwrap().parse().unwrap())
}

/// Where it listens, as the program says it.
#[track_caller]
fn announced(text: &str) -> SocketAddr {
    let words = text.strip_prefix("command_line listens on ").and_then(|rest| rest.strip_suffix('\n'));
    let Some(address) = words else { panic!("no announcement: {text}") };
    address.parse().unwrap()
}

/// The daemon of a start or a restart that went well, and where it listens.
#[track_caller]
fn started(case: &Case, outcome: &Outcome) -> (SocketAddr, Process) {
    assert!(outcome.status.success() && outcome.stdout.is_empty(), "{outcome:?}");
    let daemon = process_in(&pid_path(case));
    assert_eq!(case.processes(), [daemon]);
    (announced(str::from_utf8(&outcome.stderr).unwrap()), daemon)
}

/// The daemon of a start that said nothing, since it has a log.
#[track_caller]
fn started_silently(case: &Case, args: &[&str]) -> Process {
    server(case, args).run().assert_success();
    process_in(&pid_path(case))
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

/// An address that no other process is going to choose: not even the system, asked for any port.
fn free_address() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(7010);
    // All of 127.0.0.0/8 is this machine; no number of a process has more bits.
    let address = Ipv4Addr::from(0x7f40_0000 | process::id() & 0x003f_ffff);
    loop {
        let address = (address, NEXT.fetch_add(1, Ordering::Relaxed)).into();
        if TcpListener::bind::<SocketAddr>(address).is_ok() {
            return address;
        }
    }
}

/// It is gone already, and ended with 0.
#[track_caller]
fn assert_ended(daemon: Process) {
    assert!(!daemon.is_alive());
    assert_eq!(wait_for_end(daemon.0), WaitStatus::Exited(Pid::from_raw(daemon.0), 0));
}

/// `status` exits with this, and prints this line.
#[track_caller]
fn assert_status_of(launch: Launch<'_>, status: i32, line: &str) {
    let outcome = launch.run();
    assert_eq!(
        (outcome.status.code(), str::from_utf8(&outcome.stdout), str::from_utf8(&outcome.stderr)),
        (Some(status), Ok(format!("command_line {line}\n").as_str()), Ok("")),
    );
}

#[track_caller]
fn assert_status(case: &Case, status: i32, line: &str) {
    assert_status_of(instance(case, &["status"]), status, line);
}

#[track_caller]
fn assert_runs(case: &Case, daemon: Process) {
    assert_status(case, 0, &format!("runs, process {}", daemon.0));
}

/// A command that fails: in one line, with this status.
#[track_caller]
fn assert_refused(launch: Launch<'_>, line: &str, status: i32) {
    let outcome = launch.run();
    assert_eq!((outcome.failure(), outcome.status.code()), (line, Some(status)));
    assert_eq!(outcome.stdout, b"");
}

/// The same of a start, without a trace.
#[track_caller]
fn assert_failed(case: &Case, launch: Launch<'_>, line: &str, status: i32) {
    assert_refused(launch, line, status);
    case.wait_until_empty();
    assert_status(case, 3, "does not run");
    assert!(!pid_path(case).exists());
}

/// Whether this test can become an ordinary user who starts the programs of this case. Says so if not.
fn can_be_ordinary(case: &Case) -> bool {
    if !is_root() {
        skip("only root can become somebody else");
    } else if !case.is_open_to_all() {
        skip("another user cannot come to the programs");
    }
    is_root() && case.is_open_to_all()
}

/// Whom `--user nobody` means, if this test can have that. Says so if not.
fn nobody(case: &Case) -> Option<User> {
    let nobody = User::from_name("nobody").unwrap();
    if nobody.is_none() {
        skip("there is no nobody here");
    }
    nobody.filter(|_| can_be_ordinary(case))
}

// What is answered at the terminal

#[test]
fn help_and_version_are_the_parents() {
    let version = concat!("command_line ", env!("CARGO_PKG_VERSION"), "\n");
    let defaults = ["[default: 127.0.0.1:7010]", "[default: /tmp/command_line.pid]"];
    let options = "--listen <ADDR> --user <USER> --log <FILE> --foreground --start-timeout <SECONDS>";
    let server: Vec<_> = options.split(" --").map(|option| option.trim_start_matches('-')).collect();
    let server = [server.as_slice(), &defaults].concat();
    let table: [(&[&str], _, &[&str]); 9] = [
        (&["--help"], "Usage: command_line <COMMAND>\n", &["  start ", "  restart ", "  stop ", "  status "]),
        (&["-h"], "Usage: command_line <COMMAND>\n", &["Sends a file to whoever connects\n"]),
        (&["--version"], version, &[]),
        (&["start", "--help"], "Usage: command_line start [OPTIONS] <FILE>\n", &server),
        (&["restart", "--help"], "Usage: command_line restart [OPTIONS] <FILE>\n", &server),
        (&["stop", "--help"], "Usage: command_line stop [OPTIONS]\n", &defaults[1..]),
        (&["status", "--help"], "Usage: command_line status [OPTIONS]\n", &defaults[1..]),
        (&["help", "stop"], "Usage: command_line stop [OPTIONS]\n", &[]),
        // With a file and a pid file that a start would take.
        (
            &["start", "notice", "--pid-file", "pid", "-h"],
            "Usage: command_line start [OPTIONS] <FILE>\n",
            &[],
        ),
    ];
    for (args, usage, more) in table {
        let case = case_with_notice();
        let outcome = command_line(&case, args).run();
        outcome.assert_success();
        let stdout = String::from_utf8_lossy(&outcome.stdout);
        for text in more.iter().copied().chain([usage]) {
            assert!(stdout.contains(text), "{args:?}, {text}: {stdout}");
        }
        assert!(case.processes().is_empty() && !pid_path(&case).exists(), "{args:?}");
    }
}

#[test]
fn bad_arguments_are_refused_at_the_terminal() {
    let (missing, usage) = ("the following required arguments were not provided", "\nUsage: command_line ");
    let table: [(&[&str], _, _); 11] = [
        (&["begin"], "unrecognized subcommand 'begin'", usage),
        // As it was without subcommands.
        (&["notice"], "unrecognized subcommand 'notice'", usage),
        (&["start"], missing, usage),
        (&["restart"], missing, usage),
        (&["start", "notice", "another"], "unexpected argument 'another'", usage),
        (&["start", "notice", "--liste"], "unexpected argument '--liste'", usage),
        (
            &["start", "notice", "--listen", "nowhere"],
            "invalid value 'nowhere'",
            "invalid socket address syntax",
        ),
        (&["start", "notice", "--start-timeout", "soon"], "invalid value 'soon'", "invalid digit"),
        (&["start", "notice", "--pid-file"], "a value is required for '--pid-file <FILE>'", ""),
        (&["stop", "notice"], "unexpected argument 'notice'", usage),
        (&["status", "--listen", "127.0.0.1:0"], "unexpected argument '--listen'", usage),
    ];
    for (args, begin, more) in table {
        let case = case_with_notice();
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

#[test]
fn no_subcommand_is_an_error_that_names_them_all() {
    let case = Case::new();
    let outcome = command_line(&case, &[]).run();
    assert_eq!((outcome.status.code(), outcome.stdout.as_slice()), (Some(2), b"".as_slice()), "{outcome:?}");
    let stderr = String::from_utf8_lossy(&outcome.stderr);
    for name in ["start", "restart", "stop", "status"] {
        assert!(stderr.contains(&format!("\n  {name} ")), "{stderr}");
    }
}

#[test]
fn missing_file_is_an_error_at_the_terminal() {
    let case = Case::new();
    let path = case.folder().join("missing");
    let line = format!("command_line: daemon: {}: No such file or directory (os error 2)", path.display());
    assert_failed(&case, server(&case, &["start", "missing"]), &line, 1);
}

/// Although by then the daemon prints into the log.
#[test]
fn missing_file_is_an_error_at_the_terminal_with_a_log() {
    let case = Case::new();
    let path = case.folder().join("missing");
    let line = format!("command_line: daemon: {}: No such file or directory (os error 2)", path.display());
    assert_failed(&case, server(&case, &["start", "missing", "--log", "log"]), &line, 1);
}

#[test]
fn busy_address_is_an_error_at_the_terminal() {
    let case = case_with_notice();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let launch = instance(&case, &["start", "notice", "--listen", &address]);
    assert_failed(&case, launch, "command_line: listener: Address already in use (os error 98)", 1);
}

#[test]
fn log_that_cannot_be_opened_is_an_error_at_the_terminal() {
    let case = case_with_notice();
    symlink("notice", case.folder().join("log")).unwrap();
    let path = case.folder().join("log");
    let line = format!("command_line: cannot open the log file {}: it is a symbolic link", path.display());
    assert_failed(&case, server(&case, &["start", "notice", "--log", "log"]), &line, 73);
}

#[test]
fn start_timeout_ends_a_start_that_takes_longer() {
    let case = Case::new();
    // Nobody writes, so that whoever opens it waits.
    mkfifo(&case.folder().join("pipe"), Mode::S_IRUSR).unwrap();
    let launch = server(&case, &["start", "pipe", "--start-timeout", "1"]);
    assert_failed(&case, launch, "command_line: daemon: not ready within 1 s, ended", 75);
}

// The head of the example

/// The lines below a command in the head, and what to do to see them.
#[test]
fn transcript_in_the_head_is_what_appears() {
    let source = include_str!("../examples/command_line.rs");
    let lines = source.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim_start);
    let transcript = lines.skip_while(|line| *line != "```text").skip(1).take_while(|line| *line != "```");
    let mut commands: Vec<(Vec<&str>, String)> = Vec::new();
    for line in transcript {
        match line.strip_prefix("$ cargo run --example command_line -- ") {
            Some(args) => commands.push((args.split(' ').collect(), String::new())),
            None => commands.last_mut().unwrap().1 += &format!("{line}\n"),
        }
    }
    let names: Vec<_> = commands.iter().map(|(args, _)| args[0]).collect();
    assert_eq!(names, ["start", "restart", "start", "status", "stop"]);

    let case = Case::new();
    fs::write(case.folder().join("README.md"), "open today").unwrap();
    let (pid_file, address) = (pid_path(&case).display().to_string(), free_address().to_string());
    for (args, expected) in commands {
        // The port and the file are everybody's: what is in the head may be running.
        let launch = instance(&case, &args);
        let launch = if args.contains(&"README.md") { launch.arg("--listen").arg(&address) } else { launch };
        let outcome = launch.run();
        let appeared = [outcome.stdout.as_slice(), &outcome.stderr].concat();
        let pid = fs::read_to_string(pid_path(&case)).unwrap_or_default();
        let expected = expected
            .replace("127.0.0.1:7010", &address)
            .replace("4711", pid.trim_end())
            .replace("/tmp/command_line.pid", &pid_file);
        assert_eq!(String::from_utf8_lossy(&appeared), expected, "{args:?}");
    }
    assert!(case.processes().is_empty());
    let log = fs::read_to_string(case.folder().join("server.log")).unwrap();
    assert_eq!(log, format!("command_line listens on {address}\ncommand_line ends\n"));
}

// start

#[test]
fn daemon_sends_the_file_of_a_relative_path_as_it_is_now() {
    let case = case_with_notice();
    fs::create_dir(case.folder().join("here")).unwrap();
    let outcome = server(&case, &["start", "../notice"]).first(["chdir", "here"]).run();
    let (address, daemon) = started(&case, &outcome);
    assert_eq!(daemon.directory(), Path::new("/"));
    assert_eq!(answer_of(address), "open today");
    // Another file, under the same name.
    let new = case.folder().join("new");
    fs::write(&new, "closed tomorrow").unwrap();
    fs::rename(new, case.folder().join("notice")).unwrap();
    assert_eq!(answer_of(address), "closed tomorrow");
}

#[test]
fn daemon_ends_by_sigterm() {
    let case = case_with_notice();
    let outcome = server(&case, &["start", "notice", "--start-timeout", "3600"]).run();
    let (_, daemon) = started(&case, &outcome);
    daemon.signal(Signal::SIGTERM);
    assert_eq!(wait_for_end(daemon.0), WaitStatus::Exited(Pid::from_raw(daemon.0), 0));
    assert!(case.processes().is_empty() && !pid_path(&case).exists());
}

#[test]
fn start_is_refused_while_the_server_runs() {
    let case = case_with_notice();
    let (address, daemon) = started(&case, &server(&case, &["start", "notice"]).run());
    let path = pid_path(&case);
    let line = format!("command_line: already running: process {} holds {}", daemon.0, path.display());
    // Not even the address is tried, which would be the other complaint.
    let address_of_both = address.to_string();
    for option in ["--start-timeout=9", "--foreground"] {
        let launch = instance(&case, &["start", "notice", option, "--listen", &address_of_both]);
        assert_refused(launch, &line, 69);
    }
    assert_runs(&case, daemon);
    assert_eq!(answer_of(address), "open today");
}

#[test]
fn relative_pid_file_is_where_the_user_is() {
    let case = case_with_notice();
    fs::create_dir(case.folder().join("here")).unwrap();
    let here = |args: &[&str]| command_line(&case, args).first(["chdir", "here"]);
    let start = ["start", "../notice", "--listen", "127.0.0.1:0", "--pid-file", "own"];
    assert!(here(&start).run().status.success());
    let daemon = process_in(&case.folder().join("here/own"));
    assert_status_of(here(&["status", "--pid-file", "own"]), 0, &format!("runs, process {}", daemon.0));
    here(&["stop", "--pid-file", "own"]).run().assert_success();
    assert_ended(daemon);
    // The daemon, which is in another directory, has found it again.
    assert!(!case.folder().join("here/own").exists());
}

#[test]
fn two_servers_with_pid_files_of_their_own_run_beside_each_other() {
    let case = case_with_notice();
    let (address, daemon) = started(&case, &server(&case, &["start", "notice"]).run());
    let other = ["--pid-file", "other"];
    let start = [&["start", "notice", "--listen", "127.0.0.1:0"], other.as_slice()].concat();
    assert!(command_line(&case, &start).run().status.success());
    let stop = [&["stop"], other.as_slice()].concat();
    command_line(&case, &stop).run().assert_success();
    assert_eq!(case.processes(), [daemon]);
    assert_eq!(answer_of(address), "open today");
}

// status

#[test]
fn status_follows_the_server() {
    let case = case_with_notice();
    assert_status(&case, 3, "does not run");
    let (_, daemon) = started(&case, &server(&case, &["start", "notice"]).run());
    assert_runs(&case, daemon);
    // It has asked, and done nothing.
    assert_runs(&case, daemon);
    instance(&case, &["stop"]).run().assert_success();
    assert_status(&case, 3, "does not run");
}

#[test]
fn status_of_a_server_that_was_killed_is_1_until_the_next_start() {
    let case = case_with_notice();
    let (_, killed) = started(&case, &server(&case, &["start", "notice"]).run());
    killed.signal(Signal::SIGKILL);
    wait_for_end(killed.0);
    let line = format!("is dead, and left {} behind", pid_path(&case).display());
    assert_status(&case, 1, &line);
    // Nor does asking put it away.
    assert_status(&case, 1, &line);
    let (address, daemon) = started(&case, &server(&case, &["start", "notice"]).run());
    assert_runs(&case, daemon);
    assert_eq!(answer_of(address), "open today");
}

#[test]
fn status_without_the_folder_of_the_pid_file_is_3() {
    let case = Case::new();
    let launch = command_line(&case, &["status", "--pid-file", "no/such/folder/pid"]);
    assert_status_of(launch, 3, "does not run");
}

#[test]
fn status_of_what_is_no_pid_file_is_4() {
    let case = case_with_notice();
    let folder = case.folder();
    symlink("notice", folder.join("link")).unwrap();
    mkfifo(&folder.join("fifo"), Mode::S_IRUSR | Mode::S_IWUSR).unwrap();
    fs::create_dir(folder.join("directory")).unwrap();
    let _socket = UnixListener::bind(folder.join("socket")).unwrap();
    let table = [
        ("notice", "it holds something other than a process number"),
        ("link", "it is a symbolic link"),
        ("fifo", "it is a FIFO"),
        ("directory", "it is a directory"),
        ("socket", "it is a socket"),
        ("/dev/null", "it is a device"),
    ];
    for (path, why) in table {
        let launch = command_line(&case, &["status", "--pid-file", path]);
        assert_status_of(launch, 4, &format!("cannot be asked: {path}: {why}"));
    }
}

#[test]
fn what_is_no_pid_file_is_left_alone_by_all() {
    let case = case_with_notice();
    let why = "it holds something other than a process number";
    let own = ["--pid-file", "notice"];
    for command in [&["stop"][..], &["restart", "notice", "--listen", "127.0.0.1:0"]] {
        let launch = command_line(&case, &[command, &own].concat());
        assert_refused(launch, &format!("command_line: server: notice: {why}"), 1);
    }
    let launch = command_line(&case, &["start", "notice", "--pid-file", "notice"]);
    assert_refused(launch, &format!("command_line: cannot open the pid file notice: {why}"), 73);
    assert_eq!(fs::read(case.folder().join("notice")).unwrap(), b"open today");
    case.wait_until_empty();
}

// stop

#[test]
fn stop_returns_when_the_server_is_gone() {
    let case = case_with_notice();
    let (address, daemon) = started(&case, &server(&case, &["start", "notice"]).run());
    let outcome = instance(&case, &["stop"]).run();
    outcome.assert_success();
    assert_eq!(outcome.stdout, b"");
    assert_ended(daemon);
    assert!(!pid_path(&case).exists());
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn stop_of_a_server_that_does_not_run_is_no_error() {
    let case = case_with_notice();
    for _ in 0..2 {
        let outcome = instance(&case, &["stop"]).run();
        outcome.assert_success();
        assert_eq!(outcome.stdout, b"");
    }
    assert!(!pid_path(&case).exists());
}

#[test]
fn stop_ends_no_stranger_who_has_got_the_number() {
    let case = case_with_notice();
    let stranger = case.command("/bin/sleep").arg("1000").spawn();
    fs::write(pid_path(&case), format!("{}\n", stranger.process().0)).unwrap();
    let line = format!("is dead, and left {} behind", pid_path(&case).display());
    assert_status(&case, 1, &line);
    instance(&case, &["stop"]).run().assert_success();
    let outcome = server(&case, &["restart", "notice"]).run();
    assert!(outcome.status.success(), "{outcome:?}");
    assert!(stranger.process().is_alive());
}

#[test]
fn stops_at_once_are_all_content() {
    let case = case_with_notice();
    for _ in 0..5 {
        let (_, daemon) = started(&case, &server(&case, &["start", "notice"]).run());
        let stops: Vec<_> = (0..5).map(|_| instance(&case, &["stop"]).spawn()).collect();
        // One that comes when the daemon has given up its pid file, and is about to end, need not wait for it.
        for stop in stops {
            stop.wait().assert_success();
        }
        assert_ended(daemon);
    }
}

/// Two at once, since each of them takes ten seconds.
#[test]
fn stop_and_restart_give_up_on_a_server_that_does_not_end() {
    let case = case_with_notice();
    let (address, daemon) = started(&case, &server(&case, &["start", "notice"]).run());
    daemon.stop();
    let begin = Instant::now();
    let commands = [instance(&case, &["stop"]).spawn(), server(&case, &["restart", "notice"]).spawn()];
    let path = case.folder().join("pid");
    let line =
        format!("command_line: server: {}: process {} has not ended within 10 s", path.display(), daemon.0);
    for command in commands {
        let outcome = command.wait();
        assert_eq!((outcome.failure(), outcome.status.code()), (line.as_str(), Some(1)));
        assert_eq!(outcome.stdout, b"");
    }
    assert!(begin.elapsed() >= Duration::from_secs(10));
    // Left as it was.
    assert_eq!(daemon.stat().state, 'T');
    assert_eq!(case.processes(), [daemon]);
    assert_runs(&case, daemon);
    assert!(TcpStream::connect(address).is_ok());
    // It has been asked, after all.
    daemon.signal(Signal::SIGCONT);
    assert_eq!(wait_for_end(daemon.0), WaitStatus::Exited(Pid::from_raw(daemon.0), 0));
    assert_status(&case, 3, "does not run");
}

// restart

#[test]
fn restart_replaces_the_server_at_the_same_address() {
    let case = case_with_notice();
    let address = free_address();
    let listen = address.to_string();
    let run = |command| {
        let outcome = instance(&case, &[command, "notice", "--listen", &listen]).run();
        let (announced, daemon) = started(&case, &outcome);
        assert_eq!(announced, address);
        // The end of this connection is the server's, whose address remembers it.
        assert_eq!(answer_of(address), "open today");
        daemon
    };
    let mut daemon = run("start");
    for _ in 0..20 {
        let new = run("restart");
        assert_ne!(new, daemon);
        assert_ended(daemon);
        daemon = new;
    }
    assert_runs(&case, daemon);
}

#[test]
fn restart_starts_a_server_that_does_not_run() {
    let case = case_with_notice();
    let (address, daemon) = started(&case, &server(&case, &["restart", "notice"]).run());
    assert_runs(&case, daemon);
    assert_eq!(answer_of(address), "open today");
    assert_eq!(daemon.directory(), Path::new("/"));
}

#[test]
fn restart_starts_a_server_that_was_killed() {
    let case = case_with_notice();
    let (_, killed) = started(&case, &server(&case, &["start", "notice"]).run());
    killed.signal(Signal::SIGKILL);
    wait_for_end(killed.0);
    let (_, daemon) = started(&case, &server(&case, &["restart", "notice"]).run());
    assert_runs(&case, daemon);
}

#[test]
fn restart_takes_the_new_arguments() {
    let case = case_with_notice();
    fs::write(case.folder().join("other"), "closed tomorrow").unwrap();
    started(&case, &server(&case, &["start", "notice"]).run());
    let (address, _) = started(&case, &server(&case, &["restart", "other"]).run());
    assert_eq!(answer_of(address), "closed tomorrow");
}

#[test]
fn restart_with_bad_arguments_leaves_the_server_alone() {
    let case = case_with_notice();
    let (address, daemon) = started(&case, &server(&case, &["start", "notice"]).run());
    let table: [&[&str]; 4] = [
        &["restart"],
        &["restart", "notice", "--listen", "nowhere"],
        &["restart", "notice", "another"],
        &["restart", "notice", "--start-timeout", "soon"],
    ];
    for args in table {
        let outcome = instance(&case, args).run();
        assert_eq!(outcome.status.code(), Some(2), "{outcome:?}");
        assert_runs(&case, daemon);
    }
    assert_eq!(answer_of(address), "open today");
}

/// What only the start itself can find out, it finds out too late.
#[test]
fn restart_whose_start_fails_leaves_nothing_running() {
    let case = case_with_notice();
    let (_, daemon) = started(&case, &server(&case, &["start", "notice"]).run());
    let path = case.folder().join("missing");
    let line = format!("command_line: daemon: {}: No such file or directory (os error 2)", path.display());
    assert_failed(&case, server(&case, &["restart", "missing"]), &line, 1);
    assert_ended(daemon);
}

#[test]
fn restart_in_the_foreground_replaces_the_daemon() {
    let case = case_with_notice();
    let (_, daemon) = started(&case, &server(&case, &["start", "notice"]).run());
    let program = server(&case, &["restart", "--foreground", "notice"]).first(["open", "2", "log"]).spawn();
    wait_until("another process in the pid file", || {
        let text = fs::read_to_string(pid_path(&case)).ok()?;
        (text == format!("{}\n", program.process().0)).then_some(())
    });
    assert_ended(daemon);
    wait_for_announcement(&case);
    assert_eq!(case.processes(), [program.process()]);
    instance(&case, &["stop"]).run().assert_success();
    program.wait().assert_success();
}

/// What `stop` meets then is a daemon that is not yet up.
#[test]
fn start_that_is_under_way_can_be_stopped() {
    let case = case_with_notice();
    mkfifo(&case.folder().join("pipe"), Mode::S_IRUSR).unwrap();
    let start = server(&case, &["start", "pipe"]).spawn();
    // It is the daemon's number, and no longer the parent's.
    let daemon = wait_until("the number of the daemon", || {
        let number = fs::read_to_string(pid_path(&case)).ok()?.trim_end().parse().ok()?;
        (number != start.process().0).then_some(Process(number))
    });
    instance(&case, &["stop"]).run().assert_success();
    assert!(!daemon.is_alive());
    let outcome = start.wait();
    // It has no handler yet.
    let line = "command_line: daemon: killed by signal 15 (SIGTERM) before it was ready";
    assert_eq!((outcome.failure(), outcome.status.code()), (line, Some(143)));
    started(&case, &server(&case, &["start", "notice"]).run());
}

/// The terminal hears that the server is up, and not of a status 0 without one.
#[test]
fn sigterm_that_comes_before_the_server_is_up_is_obeyed_when_it_is() {
    let case = case_with_notice();
    let pipe = case.folder().join("pipe");
    mkfifo(&pipe, Mode::S_IRUSR | Mode::S_IWUSR).unwrap();
    let start = server(&case, &["start", "pipe"]).spawn();
    // That can be done when the daemon has opened it, and so the file has no end yet.
    let options = File::options().write(true).custom_flags(libc::O_NONBLOCK).clone();
    let writer = wait_until("a reader", || options.open(&pipe).ok());
    let (parent, daemon) = (start.process(), process_in(&pid_path(&case)));
    parent.stop();
    drop(writer);
    // Without the parent's word it does not get beyond `notify`.
    wait_until("a handler", || daemon.signals("SigCgt").contains(&(Signal::SIGTERM as i32)).then_some(()));
    daemon.interrupt(Signal::SIGTERM);
    parent.signal(Signal::SIGCONT);
    let outcome = start.wait();
    assert!(outcome.status.success(), "{outcome:?}");
    announced(str::from_utf8(&outcome.stderr).unwrap());
    assert_eq!(wait_for_end(daemon.0), WaitStatus::Exited(Pid::from_raw(daemon.0), 0));
    assert!(!pid_path(&case).exists());
}

// The foreground

/// What the server in the foreground has said on stderr, which is this file, once it has said it.
#[track_caller]
fn wait_for_announcement(case: &Case) -> String {
    let log = case.folder().join("log");
    wait_until("the announcement", || fs::read_to_string(&log).ok().filter(|text| text.ends_with('\n')))
}

#[test]
fn foreground_is_the_process_that_the_user_started() {
    let case = case_with_notice();
    let log = case.folder().join("log");
    let program = server(&case, &["start", "--foreground", "notice"]).first(["open", "2", "log"]).spawn();
    let text = wait_for_announcement(&case);
    let process = program.process();
    assert_eq!(case.processes(), [process]);
    assert_eq!(process.directory(), case.folder());
    assert_eq!(answer_of(announced(&text)), "open today");
    process.signal(Signal::SIGTERM);
    let outcome = program.wait();
    outcome.assert_success();
    assert_eq!(outcome.stdout, b"");
    // Output stays where it was.
    assert_eq!(fs::read_to_string(&log).unwrap(), text + "command_line ends\n");
    assert!(case.processes().is_empty());
}

#[test]
fn foreground_has_the_pid_file_too() {
    let case = case_with_notice();
    let program = server(&case, &["start", "--foreground", "notice"]).first(["open", "2", "log"]).spawn();
    wait_for_announcement(&case);
    let process = program.process();
    assert_eq!(process_in(&pid_path(&case)), process);
    assert_runs(&case, process);
    let path = pid_path(&case);
    let line = format!("command_line: already running: process {} holds {}", process.0, path.display());
    assert_refused(server(&case, &["start", "notice"]), &line, 69);
    assert_refused(server(&case, &["start", "--foreground", "notice"]), &line, 69);
    instance(&case, &["stop"]).run().assert_success();
    program.wait().assert_success();
    assert_status(&case, 3, "does not run");
    assert!(!path.exists());
}

#[test]
fn foreground_ends_in_order_by_ctrl_c() {
    let case = case_with_notice();
    let mut terminal = Terminal::new();
    let program = server(&case, &["start", "--foreground", "notice"]).on(&terminal).spawn();
    terminal.wait_for("command_line listens on ");
    terminal.write(b"\x03");
    terminal.wait_for("command_line ends");
    assert!(program.wait().status.success());
    assert_status(&case, 3, "does not run");
    assert!(!pid_path(&case).exists());
}

#[test]
fn foreground_ends_in_order_when_nobody_can_read_what_it_says() {
    let case = case_with_notice();
    let (address, mut terminal) = (free_address().to_string(), Terminal::new());
    let args = ["start", "--foreground", "notice", "--listen", &address];
    let program = instance(&case, &args).on(&terminal).spawn();
    // All of the line: it goes out in pieces.
    terminal.wait_for(&format!("command_line listens on {address}\r\n"));
    // SIGHUP, and from here on an error for each line.
    drop(terminal);
    program.process().signal(Signal::SIGTERM);
    assert!(program.wait().status.success());
    assert!(!pid_path(&case).exists());
}

// --log

/// Where one of the daemon's streams goes.
fn target(daemon: Process, number: i32) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{}/fd/{number}", daemon.0)).ok()
}

/// Waits until the daemon prints into this file, and no longer into another of its name.
#[track_caller]
fn wait_for_log(daemon: Process, log: &Path) {
    wait_until("another log", || (target(daemon, 2)? == log).then_some(()));
}

#[test]
fn log_gets_what_is_printed_and_the_terminal_nothing() {
    let case = case_with_notice();
    fs::create_dir(case.folder().join("here")).unwrap();
    let start = server(&case, &["start", "../notice", "--log", "log"]).first(["chdir", "here"]);
    let outcome = start.run();
    outcome.assert_success();
    assert_eq!(outcome.stdout, b"");
    let daemon = process_in(&pid_path(&case));
    // Where the user is, not in the daemon's `/`.
    let log = case.folder().join("here/log");
    let text = fs::read_to_string(&log).unwrap();
    assert_eq!(answer_of(announced(&text)), "open today");
    assert_eq!([1, 2].map(|number| target(daemon, number)), [Some(log.clone()), Some(log.clone())]);
    instance(&case, &["stop"]).run().assert_success();
    assert_eq!(fs::read_to_string(&log).unwrap(), text + "command_line ends\n");
}

#[test]
fn log_of_an_earlier_run_is_kept() {
    let case = case_with_notice();
    fs::write(case.folder().join("log"), "long ago\n").unwrap();
    started_silently(&case, &["start", "notice", "--log", "log"]);
    started_silently(&case, &["restart", "notice", "--log", "log"]);
    instance(&case, &["stop"]).run().assert_success();
    let text = fs::read_to_string(case.folder().join("log")).unwrap();
    let lines: Vec<_> =
        text.lines().map(|line| line.trim_end_matches(|c: char| !c.is_alphabetic())).collect();
    let [listens, ends] = ["command_line listens on", "command_line ends"];
    assert_eq!(lines, ["long ago", listens, ends, listens, ends]);
}

#[test]
fn log_is_another_file_after_a_rotation() {
    let case = case_with_notice();
    let daemon = started_silently(&case, &["start", "notice", "--log", "log"]);
    let [log, old] = ["log", "log.1"].map(|name| case.folder().join(name));
    fs::rename(&log, &old).unwrap();
    let text = fs::read_to_string(&old).unwrap();
    daemon.signal(Signal::SIGHUP);
    wait_for_log(daemon, &log);
    assert_runs(&case, daemon);
    assert_eq!(answer_of(announced(&text)), "open today");
    instance(&case, &["stop"]).run().assert_success();
    assert_eq!(fs::read_to_string(&log).unwrap(), "command_line ends\n");
    assert_eq!(fs::read_to_string(&old).unwrap(), text);
}

#[test]
fn log_goes_on_in_the_old_file_which_says_why() {
    let case = case_with_notice();
    let daemon = started_silently(&case, &["start", "notice", "--log", "log"]);
    let [log, old] = ["log", "log.1"].map(|name| case.folder().join(name));
    fs::rename(&log, &old).unwrap();
    fs::create_dir(&log).unwrap();
    daemon.signal(Signal::SIGHUP);
    let line = format!("command_line: cannot open the log file {}: it is a directory\n", log.display());
    wait_until("a complaint", || fs::read_to_string(&old).unwrap().ends_with(&line).then_some(()));
    instance(&case, &["stop"]).run().assert_success();
    assert!(fs::read_to_string(&old).unwrap().ends_with(&format!("{line}command_line ends\n")));
}

#[test]
fn sighup_without_a_log_changes_nothing() {
    let case = case_with_notice();
    let (address, daemon) = started(&case, &server(&case, &["start", "notice"]).run());
    daemon.interrupt(Signal::SIGHUP);
    assert_runs(&case, daemon);
    assert_eq!(answer_of(address), "open today");
}

// --user

#[test]
fn user_is_who_the_server_becomes() {
    let case = case_with_notice();
    let Some(nobody) = nobody(&case) else { return };
    // Real, effective, saved, and the file system's.
    let four = |id: u32| [id; 4].map(|id| id.to_string()).join("\t");
    let outcome = server(&case, &["start", "notice", "--user", "nobody"]).run();
    let (address, daemon) = started(&case, &outcome);
    assert_eq!(daemon.status("Uid"), four(nobody.uid.as_raw()));
    assert_eq!(daemon.status("Gid"), four(nobody.gid.as_raw()));
    assert_eq!(answer_of(address), "open today");
    assert_runs(&case, daemon);
}

/// The pid file goes, too: the parent is root still.
#[test]
fn file_that_only_root_may_read_is_an_error_at_the_terminal() {
    let case = case_with_notice();
    if nobody(&case).is_none() {
        return;
    }
    let notice = case.folder().join("notice");
    fs::set_permissions(&notice, Permissions::from_mode(0o600)).unwrap();
    let launch = server(&case, &["start", "notice", "--user", "nobody"]);
    let path = notice.display();
    let line = format!("command_line: daemon: {path}: Permission denied (os error 13)");
    assert_failed(&case, launch, &line, 1);
}

/// The folder is root's.
#[test]
fn pid_file_is_emptied_where_the_user_may_not_remove_it() {
    let case = case_with_notice();
    if nobody(&case).is_none() {
        return;
    }
    for _ in 0..2 {
        // The second time there is an empty one.
        let outcome = server(&case, &["start", "notice", "--user", "nobody"]).run();
        let (_, daemon) = started(&case, &outcome);
        instance(&case, &["stop"]).run().assert_success();
        assert_ended(daemon);
        assert_eq!(fs::read(pid_path(&case)).unwrap(), b"");
        assert_status(&case, 3, "does not run");
    }
}

#[test]
fn pid_file_is_removed_where_the_user_may() {
    let case = case_with_notice();
    let Some(nobody) = nobody(&case) else { return };
    let run = case.folder().join("run");
    fs::create_dir(&run).unwrap();
    chown(&run, Some(nobody.uid.as_raw()), None).unwrap();
    let start = ["start", "notice", "--user", "nobody", "--listen", "127.0.0.1:0", "--pid-file", "run/pid"];
    assert!(command_line(&case, &start).run().status.success());
    command_line(&case, &["stop", "--pid-file", "run/pid"]).run().assert_success();
    assert!(!run.join("pid").exists());
    assert_status_of(command_line(&case, &["status", "--pid-file", "run/pid"]), 3, "does not run");
}

#[test]
fn log_is_the_users() {
    let case = case_with_notice();
    let Some(nobody) = nobody(&case) else { return };
    let args = ["start", "notice", "--user", "nobody", "--log", "log"];
    let daemon = started_silently(&case, &args);
    let [log, old] = ["log", "log.1"].map(|name| case.folder().join(name));
    let metadata = fs::metadata(&log).unwrap();
    assert_eq!((metadata.uid(), metadata.gid()), (nobody.uid.as_raw(), nobody.gid.as_raw()));
    assert_eq!(metadata.permissions().mode() & 0o7777, 0o640);

    // The folder is root's: by SIGHUP alone there is no other one, and the old one says why.
    fs::rename(&log, &old).unwrap();
    daemon.signal(Signal::SIGHUP);
    let path = log.display();
    let line = format!("command_line: cannot open the log file {path}: Permission denied (os error 13)\n");
    wait_until("a complaint", || fs::read_to_string(&old).unwrap().ends_with(&line).then_some(()));

    // As `create` of logrotate has it.
    fs::write(&log, "").unwrap();
    fs::set_permissions(&log, Permissions::from_mode(0o640)).unwrap();
    chown(&log, Some(nobody.uid.as_raw()), Some(nobody.gid.as_raw())).unwrap();
    daemon.signal(Signal::SIGHUP);
    wait_for_log(daemon, &log);
    instance(&case, &["stop"]).run().assert_success();
    assert_eq!(fs::read_to_string(&log).unwrap(), "command_line ends\n");
}

#[test]
fn unknown_user_is_an_error_at_the_terminal() {
    let case = case_with_notice();
    let launch = server(&case, &["start", "notice", "--user", "no-such-user"]);
    assert_failed(&case, launch, "command_line: user: there is no user no-such-user", 67);
}

#[test]
fn only_root_becomes_another_user() {
    let case = case_with_notice();
    // To a user who is not root anyway, no other program need be reachable.
    if is_root() && !can_be_ordinary(&case) {
        return;
    }
    let launch = server(&case, &["start", "notice", "--user", "root"]).unprivileged();
    assert_failed(&case, launch, "command_line: only root may become user root", 77);
}

#[test]
fn ordinary_user_can_ask_for_roots_server_and_not_end_it() {
    let case = case_with_notice();
    if !can_be_ordinary(&case) {
        return;
    }
    let (address, daemon) = started(&case, &server(&case, &["start", "notice"]).run());
    let status = instance(&case, &["status"]).unprivileged();
    assert_status_of(status, 0, &format!("runs, process {}", daemon.0));
    let path = pid_path(&case);
    let refusal = format!(
        "command_line: server: {}: cannot signal process {}: Operation not permitted (os error 1)",
        path.display(),
        daemon.0
    );
    assert_refused(instance(&case, &["stop"]).unprivileged(), &refusal, 1);
    assert_refused(server(&case, &["restart", "notice"]).unprivileged(), &refusal, 1);
    let line =
        format!("command_line: cannot open the pid file {}: Permission denied (os error 13)", path.display());
    assert_refused(server(&case, &["start", "notice"]).unprivileged(), &line, 73);
    assert_runs(&case, daemon);
    assert_eq!(answer_of(address), "open today");
}
