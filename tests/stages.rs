//! Who is who after a start: the daemon leads no session and has no terminal, its name and arguments are the
//! program's, and nobody else is left.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    ffi::OsStr,
    fs,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    process,
};

use nix::{
    errno::Errno,
    sys::{
        signal::Signal,
        wait::{WaitStatus, waitpid},
    },
    unistd::Pid,
};
use support::{Case, Process, Puppet, Terminal, program, wait_for_end};

// Session and terminal

/// What every daemon is, whoever started it.
#[track_caller]
fn assert_daemon(daemon: &Puppet) {
    assert_eq!(daemon.text("stage"), "daemon");
    let pid = daemon.process().0;
    let stat = daemon.process().stat();
    assert_ne!(stat.session, pid, "a session leader gets a terminal by a plain `open`");
    assert_eq!(stat.group, stat.session);
    assert_eq!(stat.terminal, 0);
    // No such device or address: there is no terminal behind /dev/tty.
    assert_eq!(daemon.number("terminal"), Errno::ENXIO as i32);
    // The first child led the session. It is not even a zombie any more.
    assert!(Process(stat.session).try_stat().is_none(), "the first child is left");
}

#[test]
fn daemon_started_at_a_terminal_has_none() {
    let case = Case::new();
    let terminal = Terminal::new();
    assert_daemon(&case.program(program!("witness")).on(&terminal).daemon());
}

#[test]
fn daemon_gets_no_terminal_by_opening_one() {
    let case = Case::new();
    let mut daemon = case.program(program!("witness")).daemon();
    let terminal = Terminal::new();
    daemon.do_and_report("open", terminal.path().to_str().unwrap());
    assert_eq!(daemon.number("terminal"), Errno::ENXIO as i32);
}

#[test]
fn daemon_survives_the_end_of_its_terminal() {
    let case = Case::new();
    let mut terminal = Terminal::new();
    let shell = case.command("/bin/sh").on(&terminal);
    let witness = case.program(program!("witness"));
    // The shell stays, as after a login: its end, by the hang-up, is the end of the session. It may see the end of input
    // before the signal.
    let script = r#"trap 'exit 7' HUP; "$0"; echo prompt; while :; do read line; done"#;
    let shell = shell.arg("-c").arg(script).arg(witness.path()).spawn();
    let mut daemon = case.puppet();
    terminal.wait_for("prompt");
    drop(terminal);
    assert_eq!(shell.wait().status.code(), Some(7));
    daemon.do_and_report("status", "true");
    assert_daemon(&daemon);
}

#[test]
fn daemon_survives_parent_exit() {
    let case = Case::new();
    let parent = case.program(program!("witness")).spawn();
    let number = parent.process();
    parent.wait().assert_success();
    assert!(!number.is_alive());
    let mut daemon = case.puppet();
    daemon.do_and_report("status", "true");
    assert_daemon(&daemon);
}

/// Starts the witness as `"$0"` of a script, on a terminal.
#[track_caller]
fn starts_from_shell(options: &str, script: &str) {
    let case = Case::new();
    let terminal = Terminal::new();
    let witness = case.program(program!("witness"));
    let shell = case.command("/bin/sh").on(&terminal).arg(options).arg(script).arg(witness.path());
    let outcome = shell.run();
    assert_eq!(outcome.status.code(), Some(42), "{outcome:?}");
    assert_daemon(&case.puppet());
}

#[test]
fn starts_from_a_shell_without_job_control() {
    starts_from_shell("-c", r#""$0" && exit 42"#);
}

#[test]
fn starts_from_a_shell_with_job_control() {
    starts_from_shell("-mc", r#""$0" && exit 42"#);
}

#[test]
fn starts_in_the_background_of_a_shell() {
    starts_from_shell("-mc", r#""$0" & wait $! && exit 42"#);
}

#[test]
fn starts_at_both_ends_of_a_pipeline() {
    starts_from_shell("-mc", r#""$0" | cat && exit 42"#);
    starts_from_shell("-mc", r#"true | "$0" && exit 42"#);
}

#[test]
fn starts_as_a_session_leader() {
    let case = Case::new();
    assert_daemon(&case.program(program!("witness")).first(["session"]).daemon());
}

#[test]
fn starts_as_an_ordinary_user() {
    let case = Case::new();
    if !case.is_open_to_all() {
        return support::skip("another user cannot come to the programs");
    }
    let daemon = case.program(program!("witness")).unprivileged().daemon();
    assert_daemon(&daemon);
    if support::is_root() {
        assert_eq!(daemon.process().status("Uid").split_whitespace().next(), Some("65534"));
    }
}

#[test]
fn caller_reads_end_of_file_when_the_parent_exits() {
    let case = Case::new();
    let witness = case.program(program!("witness"));
    let shell =
        case.command("/bin/sh").arg("-c").arg(r#"output=$("$0"); echo "[$output]""#).arg(witness.path());
    let outcome = shell.run();
    outcome.assert_success();
    assert_eq!(outcome.stdout, b"[]\n");
    assert_daemon(&case.puppet());
}

#[test]
fn caller_reads_end_of_file_in_spite_of_an_early_helper() {
    let case = Case::new();
    let parent = case.program(program!("puppet")).env("STOPS=body").spawn();
    let mut daemon = case.puppet();
    daemon.do_and_report("helper", "sleep");
    daemon.go();
    parent.wait().assert_success();
    // The helper is alive: nothing else could have held the output open.
    assert!(case.processes().iter().any(|process| process.name() == "sleep"));
}

// The processes of a start

#[test]
fn no_constructor_of_the_program_runs_in_the_first_child() {
    let case = Case::new();
    let parent = case.program(program!("constructor")).spawn();
    let number = parent.process().0;
    parent.wait().assert_success();
    let daemon = case.puppet().process().0;
    let constructed = fs::read_to_string(case.folder().join("constructed")).unwrap();
    assert_eq!(constructed, format!("{number}\n{daemon}\n"));
}

#[test]
fn first_child_is_the_parent_of_the_daemon_until_it_is_up() {
    let case = Case::new();
    let parent = case.program(program!("puppet")).env("STOPS=daemon's values,body,up").spawn();
    let number = parent.process().0;

    let settling = case.puppet();
    let (daemon, first_child) = (settling.process(), settling.number("ppid"));
    assert_eq!(first_child, settling.number("sid"));
    assert_eq!(Process(first_child).stat().parent, number);
    settling.go();

    let starting = case.puppet();
    assert_eq!((starting.process(), starting.number("ppid")), (daemon, first_child));
    starting.go();

    parent.wait().assert_success();
    // It was reaped by its parent, not left for whoever adopts orphans.
    assert_eq!(waitpid(Pid::from_raw(first_child), None), Err(Errno::ECHILD));
    let up = case.puppet();
    assert_eq!(up.process(), daemon);
    assert_eq!(up.process().stat().parent, process::id().cast_signed(), "this test adopts orphans");
}

#[test]
fn first_child_has_the_name_of_the_program() {
    let case = Case::new();
    let _parent = case.program(program!("puppet")).env("STOPS=body").spawn();
    let daemon = case.puppet();
    assert_eq!(Process(daemon.number("ppid")).name(), "puppet");
}

#[test]
fn stage_is_known_in_every_expression() {
    let case = Case::new();
    let parent =
        case.program(program!("puppet")).env("STOPS=parent's values,files,daemon's values,body,up").spawn();
    let expected = [
        ("parent's values", "parent"),
        ("files", "parent"),
        ("daemon's values", "daemon"),
        ("body", "daemon"),
        ("up", "daemon"),
    ];
    for (point, stage) in expected {
        let puppet = case.puppet();
        assert_eq!((puppet.text("point"), puppet.text("stage")), (point, stage));
        puppet.go();
    }
    parent.wait().assert_success();
}

#[test]
fn on_ready_gets_the_number_of_the_daemon() {
    let case = Case::new();
    let outcome = case.program(program!("puppet")).env("STOPS=up").run();
    outcome.assert_success();
    assert_eq!(outcome.stdout, format!("up: {}\n", case.puppet().process().0).as_bytes());
}

#[test]
fn foreground_stays_the_process_that_was_started() {
    let case = Case::new();
    let program = case.program(program!("dressed")).arg("--foreground").arg("--start-timeout").arg("0");
    let program = program.first(["umask", "077"]).spawn();
    let body = case.puppet();
    assert_eq!(body.process(), program.process());
    assert_eq!(body.text("stage"), "parent");
    assert_eq!(body.process().directory(), case.folder());
    assert_eq!(body.process().status("Umask"), "0077");
    body.order("exit", "42");
    assert_eq!(program.wait().status.code(), Some(42));
}

// Directory and umask

#[test]
fn daemon_is_in_the_root_directory_and_knows_where_it_was_launched() {
    let case = Case::new();
    let daemon = case.program(program!("witness")).daemon();
    assert_eq!(daemon.process().directory(), Path::new("/"));
    assert_eq!(daemon.path("launch_dir").as_deref(), Some(case.folder()));
}

#[test]
fn working_dir_is_the_directory_of_the_daemon() {
    let case = Case::new();
    let elsewhere = case.folder().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    // The second is relative to where the program was launched.
    for path in [elsewhere.as_os_str(), OsStr::new("elsewhere")] {
        let daemon = case.program(program!("dressed")).arg("--working-dir").arg(path).daemon();
        assert_eq!(daemon.process().directory(), elsewhere);
        assert_eq!(daemon.path("launch_dir").as_deref(), Some(case.folder()));
    }
}

#[test]
fn working_dir_that_is_not_there_is_a_clear_error() {
    let case = Case::new();
    let outcome = case.program(program!("dressed")).arg("--working-dir").arg("/no/such/folder").run();
    let line = outcome.failure();
    assert!(line.starts_with("dressed: ") && line.contains("/no/such/folder"), "{line}");
    assert!(line.ends_with("No such file or directory (os error 2)"), "{line}");
    case.wait_until_empty();
}

#[test]
fn umask_option_is_the_umask_of_the_daemon() {
    for (given, expected) in [("0", "0000"), ("27", "0027"), ("777", "0777")] {
        let case = Case::new();
        let daemon = case.program(program!("dressed")).arg("--umask").arg(given).daemon();
        assert_eq!(daemon.process().status("Umask"), expected);
    }
}

// Name and arguments

/// The arguments as the daemon sees them, and as others do.
#[track_caller]
fn assert_arguments(daemon: &Puppet, expected: &[&[u8]]) {
    assert_eq!(daemon.all("arg"), expected);
    assert_eq!(daemon.process().arguments(), expected);
}

#[test]
fn arguments_are_those_of_the_parent() {
    let tables: &[&[&[u8]]] = &[
        &[b"witness"],
        &[b"witness", b"", b"--", b" a  b ", b"'\"$\\"],
        &[b"witness", b"\xff\xfe", b"caf\xe9", b"a\nb"],
        // As login shells, busybox, and people with a sense of humour name things.
        &[b"-witness", b"x"],
        &[b"", b"x"],
        &[b"/no/such/program", b"x"],
        &[b"\xff", b"x"],
        &[b"witness (deleted)", b"x"],
    ];
    for argv in tables {
        let case = Case::new();
        let daemon =
            case.program(program!("witness")).argv(argv.iter().map(|arg| OsStr::from_bytes(arg))).daemon();
        assert_arguments(&daemon, argv);
    }
}

#[test]
fn two_mebibytes_of_arguments_are_those_of_the_parent() {
    // As near as it gets: environment, name and stage need a little of the two mebibytes that Linux gives.
    let argv: Vec<_> = (b'a'..b's').map(|letter| vec![letter; 100_000]).collect();
    let argv: Vec<_> = [b"witness".as_slice()].into_iter().chain(argv.iter().map(Vec::as_slice)).collect();
    let case = Case::new();
    let daemon =
        case.program(program!("witness")).argv(argv.iter().map(|arg| OsStr::from_bytes(arg))).daemon();
    assert!(daemon.all("arg") == argv, "the arguments are others");
}

#[test]
fn process_name_is_that_of_the_program() {
    let case = Case::new();
    assert_eq!(case.program(program!("witness")).daemon().process().name(), "witness");
}

#[test]
fn program_name_is_the_name_of_the_daemon() {
    let case = Case::new();
    let daemon = case.program(program!("dressed")).arg("--program-name").arg("echod").daemon();
    assert_eq!(daemon.process().name(), "echod");
    assert_arguments(&daemon, &[b"echod", b"--program-name", b"echod"]);
}

#[test]
fn empty_program_name_counts_as_none() {
    let case = Case::new();
    let path: PathBuf = case.program(program!("dressed")).path().into();
    let daemon = case.program(program!("dressed")).arg("--program-name").arg("").daemon();
    assert_eq!(daemon.process().name(), "dressed");
    assert_arguments(&daemon, &[path.as_os_str().as_bytes(), b"--program-name", b""]);
}

#[test]
fn messages_begin_with_program_name() {
    let case = Case::new();
    let dressed = case.program(program!("dressed")).arg("--program-name").arg("echod");
    let outcome = dressed.arg("--working-dir").arg("/no/such/folder").run();
    assert!(outcome.failure().starts_with("echod: "), "{outcome:?}");
}

// The end

#[test]
fn daemon_ends_by_sigterm() {
    let case = Case::new();
    let daemon = case.program(program!("witness")).daemon();
    daemon.process().signal(Signal::SIGTERM);
    let ended = wait_for_end(daemon.process().0);
    assert!(matches!(ended, WaitStatus::Signaled(_, Signal::SIGTERM, _)), "{ended:?}");
}

#[test]
fn daemon_ends_with_the_status_of_its_body() {
    let case = Case::new();
    let daemon = case.program(program!("witness")).daemon();
    let number = daemon.process().0;
    daemon.order("exit", "42");
    let ended = wait_for_end(number);
    assert_eq!(ended, WaitStatus::Exited(Pid::from_raw(number), 42));
    case.wait_until_empty();
}
