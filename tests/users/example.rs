//! The example `privileged_port`: what root opened stays open for nobody.

use std::{
    fs,
    io::Read,
    net::{TcpListener, TcpStream},
    time::Duration,
};

use nix::{
    sys::{signal::Signal, wait::WaitStatus},
    unistd::{Pid, User},
};
use support::{Case, Launch, Process, program, wait_for_end};

use crate::{assert_failed, can_be_ordinary, can_change};

/// A port that only root may listen on, and nobody does.
fn free_port() -> u16 {
    let is_free = |&port: &u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    (600..1024).rev().find(is_free).unwrap()
}

fn example<'case>(case: &'case Case, args: &[&str]) -> Launch<'case> {
    let launch = args.iter().fold(case.program(program!("privileged_port")), Launch::arg);
    // The real one may hold the file of a real one.
    let run = case.folder().join("run");
    fs::create_dir_all(&run).unwrap();
    launch.first(["namespace", "bind", run.to_str().unwrap(), "/run"])
}

#[test]
fn example_keeps_what_root_opened_and_is_nobody() {
    let Some(nobody) = User::from_name("nobody").unwrap() else {
        return support::skip("there is no nobody here");
    };
    if !can_change() {
        return;
    }
    let case = Case::new();
    let key = case.folder().join("key");
    fs::write(&key, [7; 32]).unwrap();
    let port = free_port().to_string();
    let outcome = example(&case, &[&port, "key"]).run();
    outcome.assert_success();
    let stdout = str::from_utf8(&outcome.stdout).unwrap();
    let pid: i32 = stdout.split_whitespace().nth(1).unwrap().parse().unwrap();
    let address = format!("127.0.0.1:{port}");
    let line = format!(
        "process {pid} listens on {address}; ask it who it is: nc 127.0.0.1 {port}; end it: kill {pid}\n"
    );
    assert_eq!(stdout, line);
    let pid_file = case.folder().join("run/privileged_port.pid");
    assert_eq!(fs::read_to_string(&pid_file).unwrap(), format!("{pid}\n"));

    // Not only once.
    for _ in 0..2 {
        let mut connection = TcpStream::connect(&address).unwrap();
        connection.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        let begin = format!("uid={}(nobody) gid={}", nobody.uid, nobody.gid);
        assert!(answer.starts_with(&begin) && answer.ends_with("\nwith a key of 32 bytes\n"), "{answer}");
    }
    // Whoever hangs up at once does no harm.
    drop(TcpStream::connect(&address).unwrap());

    let outcome = example(&case, &[&port]).run();
    let line = format!("privileged_port: already running: process {pid} holds /run/privileged_port.pid");
    assert_eq!((outcome.failure(), outcome.status.code()), (line.as_str(), Some(69)));

    Process(pid).signal(Signal::SIGTERM);
    assert_eq!(wait_for_end(pid), WaitStatus::Exited(Pid::from_raw(pid), 0));
    assert_eq!(fs::read_to_string(&pid_file).unwrap(), "");
}

#[test]
fn example_refuses_an_ordinary_user() {
    let case = Case::new();
    if !can_be_ordinary(&case) {
        return;
    }
    // Another than nobody, who may be nobody.
    let launch = example(&case, &["79"]).first(["user", "12345"]);
    assert_failed(&case, launch, "privileged_port: only root may become user nobody", 77);
    assert_eq!(fs::read_dir(case.folder().join("run")).unwrap().count(), 0);
}
