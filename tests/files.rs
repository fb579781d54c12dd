//! Files are opened once, in the parent, and arrive in the daemon as what they were: a lock is never let go on the way.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::Read,
    net::{TcpListener, TcpStream},
};

use nix::sys::signal::Signal;
use support::{Case, Contender, Descriptor, Puppet, is_locked, program, wait_for_end};

// Locks

#[test]
fn contender_never_gets_the_lock_during_500_starts() {
    let case = Case::new();
    for number in 0..500 {
        let lock = case.folder().join(format!("lock-{number}"));
        let contender = Contender::of(&lock);
        // Returns when the parent has exited and the daemon has reported.
        let daemon = case.program(program!("locked")).arg(&lock).daemon();
        assert!(fs::metadata(&lock).unwrap().len() > 0, "the parent locked another file");
        assert!(!contender.succeeded(), "the lock was let go in start {number}");
        let process = daemon.process().0;
        daemon.go();
        wait_for_end(process);
    }
}

#[test]
fn child_that_outlives_the_daemon_holds_no_lock() {
    let case = Case::new();
    let lock = case.folder().join("lock");
    let mut daemon = case.program(program!("locked")).arg(&lock).daemon();
    daemon.do_and_report("helper", "sleep");
    let file = File::open(&lock).unwrap();
    assert!(is_locked(&file));
    let helper = case.process_named("sleep");
    assert_eq!(helper.descriptors().keys().copied().collect::<Vec<_>>(), [0, 1, 2]);
    daemon.process().signal(Signal::SIGKILL);
    wait_for_end(daemon.process().0);
    assert!(helper.is_alive() && !is_locked(&file));
}

#[test]
fn lock_of_a_failed_start_is_free() {
    let case = Case::new();
    let lock = case.folder().join("lock");
    let outcome = case.program(program!("locked")).arg(&lock).arg("no address").run();
    assert_eq!(outcome.status.code(), Some(1));
    case.wait_until_empty();
    assert!(!is_locked(&File::open(&lock).unwrap()));
}

// Expressions

#[test]
fn file_expressions_run_in_the_parent_only_once_in_order_and_last_of_all() {
    let case = Case::new();
    let _daemon = case.program(program!("order")).daemon();
    let notes = fs::read_to_string(case.folder().join("notes")).unwrap();
    let of = |stage: &str| -> Vec<_> { notes.lines().filter_map(|line| line.strip_prefix(stage)).collect() };
    let in_parent = [
        "one",
        "two",
        "on_ready",
        "start_timeout",
        "umask",
        "stderr",
        "group",
        "pid_file",
        "user",
        "stdout",
        "foreground",
        "working_dir",
        "program_name",
        "first",
        "second",
        "up",
    ];
    let in_daemon = ["one", "two", "body"];
    assert_eq!(of("parent: "), in_parent);
    assert_eq!(of("daemon: "), in_daemon);
    assert_eq!(notes.lines().count(), in_parent.len() + in_daemon.len(), "there is a third: {notes}");
}

#[test]
fn address_in_use_reaches_the_terminal() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    let case = Case::new();
    let outcome = case.program(program!("locked")).arg("lock").arg(address).run();
    assert_eq!(outcome.failure(), "locked: listener: Address already in use (os error 98)");
    assert_eq!((outcome.status.code(), outcome.stdout.as_slice()), (Some(1), b"".as_slice()));
    case.wait_until_empty();
}

#[test]
fn no_file_is_opened_after_one_that_failed() {
    let case = Case::new();
    let outcome = case.program(program!("locked")).arg("no/such/folder").arg("127.0.0.1:0").run();
    assert_eq!(outcome.failure(), "locked: lock: No such file or directory (os error 2)");
    assert_eq!(outcome.status.code(), Some(1));
    case.wait_until_empty();
}

#[test]
fn second_instance_finds_the_lock_taken() {
    let case = Case::new();
    let first = case.program(program!("locked")).arg("lock").daemon();
    let outcome = case.program(program!("locked")).arg("lock").run();
    assert!(outcome.failure().starts_with("locked: lock: "), "{outcome:?}");
    assert_eq!(outcome.status.code(), Some(1));
    assert_eq!(case.processes(), [first.process()]);
}

// Kinds

/// What a parent had open, and the daemon that inherited it.
struct Inheritance {
    parent: BTreeMap<i32, Descriptor>,
    daemon: Puppet,
    _case: Case,
}

impl Inheritance {
    fn new() -> Self {
        let case = Case::new();
        let parent = case.program(program!("heir")).spawn();
        let stopped = case.puppet();
        let open = parent.process().descriptors();
        stopped.go();
        parent.wait().assert_success();
        Self { parent: open, daemon: case.puppet(), _case: case }
    }

    /// The numbers by which the daemon has a file.
    #[track_caller]
    fn numbers(&self, name: &str) -> Vec<i32> {
        self.daemon.text(name).split_whitespace().map(|number| number.parse().unwrap()).collect()
    }
}

/// The files that are neither an `Option` nor a `Vec`.
const SINGLE: [&str; 12] = [
    "twice",
    "file",
    "owned_fd",
    "pipe_reader",
    "pipe_writer",
    "tcp_listener",
    "tcp_stream",
    "udp_socket",
    "unix_listener",
    "unix_stream",
    "unix_datagram",
    "own",
];

#[test]
fn every_kind_of_file_keeps_its_number_and_is_the_same_open_file() {
    let inheritance = Inheritance::new();
    let counts = [("none", 0), ("some", 1), ("empty", 0), ("one", 1), ("many", 2), ("stop", 0)];
    let counts = counts.into_iter().chain(SINGLE.map(|name| (name, 1)));
    let mut all = BTreeSet::new();
    let daemon = inheritance.daemon.process().descriptors();
    for (name, count) in counts {
        let numbers = inheritance.numbers(name);
        assert_eq!(numbers.len(), count, "{name}");
        for number in numbers {
            // Flags included: nothing was changed in the parent, and it is close-on-exec again in the daemon.
            assert_eq!(inheritance.parent.get(&number), daemon.get(&number), "{name}");
            assert!(daemon[&number].is_close_on_exec(), "{name}");
            assert!(all.insert(number), "{name} has a number that another file has");
        }
    }
    // Three standard streams, and what the daemon reports on.
    assert_eq!(daemon.len(), all.len() + 4, "{daemon:?}");
}

#[test]
fn two_names_of_one_open_file_share_their_offset() {
    assert_eq!(Inheritance::new().daemon.text("offsets"), "3 3 0");
}

#[test]
fn what_waits_in_a_pipe_is_there_in_the_daemon() {
    assert_eq!(Inheritance::new().daemon.text("waiting"), "written in the parent");
}

#[test]
fn listener_of_the_parent_accepts_in_the_daemon() {
    let case = Case::new();
    let daemon = case.program(program!("locked")).arg("lock").arg("127.0.0.1:0").daemon();
    let process = daemon.process().0;
    // The connection is made before anybody accepts it: the listener listens all the time.
    let mut connection = TcpStream::connect(daemon.text("address")).unwrap();
    daemon.go();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, format!("{process}\n"));
    wait_for_end(process);
}

#[test]
fn file_with_the_number_of_a_standard_stream_is_moved_up() {
    let case = Case::new();
    let path = case.folder().join("text");
    fs::write(&path, "some text").unwrap();
    let daemon = case.program(program!("stdin")).stdin(File::open(&path).unwrap()).daemon();
    assert_eq!(daemon.text("text"), "some text");
    let descriptors = daemon.process().descriptors();
    assert!(daemon.number("file") > 2);
    assert_eq!(descriptors[&daemon.number("file")].target, path);
    assert!(descriptors[&0].is_null_device(), "{descriptors:?}");
}
