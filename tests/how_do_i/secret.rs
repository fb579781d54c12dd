//! A secret that is typed at the terminal.

use std::{fs::File, os::unix::fs::OpenOptionsExt};

use nix::sys::termios::{LocalFlags, tcgetattr};
use support::{Case, Process, Running, Terminal, program, wait_until};

use crate::{assert_refused, daemon_in};

/// Whether the terminal shows what is typed.
fn echoes(terminal: &Terminal) -> bool {
    let file = File::options().read(true).custom_flags(libc::O_NOCTTY).open(terminal.path()).unwrap();
    tcgetattr(file).unwrap().local_flags.contains(LocalFlags::ECHO)
}

/// Starts it, and returns when it waits for the secret.
#[track_caller]
fn asked(case: &Case, terminal: &mut Terminal) -> Running {
    let start = case.program(program!("secret")).on(terminal).spawn();
    terminal.wait_for("Password: ");
    wait_until("a terminal that shows nothing", || (!echoes(terminal)).then_some(()));
    start
}

/// Neither arguments nor environment have it, where anybody, or the same user, could read it.
#[track_caller]
fn assert_kept(process: Process, secret: &str) {
    let visible = [process.arguments(), process.environment()].concat();
    assert!(!visible.is_empty());
    let has_it = |text: &Vec<u8>| text.windows(secret.len()).any(|part| part == secret.as_bytes());
    assert!(!visible.iter().any(has_it), "process {} shows it", process.0);
}

#[test]
fn secret_reaches_the_daemon_and_nobody_sees_it() {
    // Two of them, of which the second is longer than a line of the first.
    for secret in ["xyzzy", "a longer one, with a € in it"] {
        let case = Case::new();
        let mut terminal = Terminal::new();
        let start = asked(&case, &mut terminal);
        assert_kept(start.process(), secret);
        terminal.write(format!("{secret}\n").as_bytes());
        let seen = terminal.wait_for("end it with: kill ");
        assert!(seen.contains(&format!(" has a password of {} bytes;", secret.len())), "{seen}");
        assert!(!seen.contains(secret), "{seen}");
        assert!(start.wait().status.success());
        let daemon = daemon_in(&case, &seen);
        assert_kept(daemon, secret);
        assert_eq!(daemon.stat().terminal, 0);
        assert!(echoes(&terminal));
    }
}

#[test]
fn secret_that_is_missing_is_told_at_the_terminal() {
    let case = Case::new();
    let mut terminal = Terminal::new();
    let start = asked(&case, &mut terminal);
    terminal.write(b"\n");
    terminal.wait_for("secret: daemon: no password");
    assert_eq!(start.wait().status.code(), Some(1));
    case.wait_until_empty();
}

#[test]
fn secret_cannot_be_asked_for_without_a_terminal() {
    let case = Case::new();
    let outcome = case.program(program!("secret")).first(["session"]).run();
    assert_refused(&outcome, "secret: password: No such device or address (os error 6)", 1);
    assert!(case.processes().is_empty());
}
