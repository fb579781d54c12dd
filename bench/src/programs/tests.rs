//! Each program does what is measured of it.

use super::*;
use crate::report::{HOLD, RECORD, REPORT};
use nix::errno::Errno;
use nix::sys::prctl::set_child_subreaper;
use nix::sys::stat::Mode;
use nix::sys::wait::{WaitStatus, wait};
use nix::unistd::mkfifo;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;
use std::{iter, process, thread};

/// How often each is run.
const RUNS: usize = 50;

/// How long all of it may take, once they are built.
const DEADLINE: Duration = Duration::from_secs(300);

#[test]
#[ignore = "builds all of them, and waits for all children of the process: `cargo test -p godaemon-bench -- --ignored`"]
fn every_program_reports_once_is_held_and_leaves_nothing() {
    let programs = build().unwrap();
    set_child_subreaper(true).unwrap();
    let (_done, watch) = channel::<()>();
    thread::spawn(move || {
        if watch.recv_timeout(DEADLINE) == Err(RecvTimeoutError::Timeout) {
            // No other way helps a read that waits.
            eprintln!("not done after {} s", DEADLINE.as_secs());
            process::exit(1);
        }
    });
    let fifos = Fifos::new();
    for program in &programs {
        match &program.missing {
            Some(packages) => eprintln!("left out: {}, which needs {packages}", program.name),
            None => (0..RUNS).for_each(|_| fifos.run(program)),
        }
    }
}

#[test]
fn files_are_named_for_what_they_hold() {
    assert_eq!(file_name("godaemon, log files", None), "godaemon-log-files");
    assert_eq!(file_name("F0 run and exit", WEIGHTS.first()), "f0-run-and-exit-with-data");
    assert_eq!(package("floors/one_exec.rs", WEIGHTS.last()), "floors-one-exec-with-constructor");
    let mut names: Vec<_> = IN_RUST.iter().map(|program| file_name(program.name, None)).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), IN_RUST.len(), "two programs have the same file");
    assert!(HEAVY.iter().all(|name| IN_RUST.iter().any(|program| program.name == *name)));
}

/// A folder with the two FIFOs.
struct Fifos(PathBuf);

impl Fifos {
    fn new() -> Fifos {
        let fifos = Fifos(Scratch::open("start_up").unwrap().path(format!("fifos-{}", process::id())));
        fs::create_dir(&fifos.0).unwrap();
        for fifo in [fifos.report(), fifos.hold()] {
            mkfifo(&fifo, Mode::S_IRUSR | Mode::S_IWUSR).unwrap();
        }
        fifos
    }

    fn report(&self) -> PathBuf {
        self.0.join("report")
    }

    fn hold(&self) -> PathBuf {
        self.0.join("hold")
    }

    /// Runs a program, which has to do all of it and nothing else.
    #[expect(clippy::zombie_processes, reason = "all are waited for at the end")]
    fn run(&self, program: &Program) {
        let what = format!("{} with {:?}", program.name, program.weight);
        // Read from and written to, so that it never ends.
        let mut report = File::options().read(true).write(true).open(self.report()).unwrap();
        let mut command = Command::new(&program.path);
        command.args(&program.args).env(REPORT, self.report()).env(HOLD, self.hold());
        let mut parent = command.spawn().unwrap();

        let mut record = [0; 2 * RECORD];
        assert_eq!(report.read(&mut record).unwrap(), RECORD, "{what}");
        let number = |half: &[u8]| u64::from_le_bytes(half.try_into().unwrap());
        let (time, pid) = (number(&record[..RECORD / 2]), number(&record[RECORD / 2..RECORD]));
        let now = crate::clock::now().unwrap();
        assert!(now.checked_sub(Duration::from_nanos(time)).unwrap() < DEADLINE, "{what}: {time}");

        let is_daemon = pid != u64::from(parent.id());
        assert_eq!(is_daemon, program.name != "F0 run and exit", "{what}");
        if is_daemon {
            let status = parent.wait().unwrap();
            assert!(status.success(), "{what}: {status}");
        }
        // It is there, and will be until the other end is opened.
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        assert!(status.contains("VmHWM:"), "{what}: {status}");
        File::options().write(true).open(self.hold()).unwrap();

        // What had no parent any more is this process's.
        let ended = || loop {
            match wait() {
                Ok(status) => return Some(status),
                Err(Errno::EINTR) => {}
                Err(error) => return (error != Errno::ECHILD).then(|| panic!("{what}: {error}")),
            }
        };
        let all: Vec<_> = iter::from_fn(ended).collect();
        let exited = |status: &&_| matches!(status, WaitStatus::Exited(_, 0));
        assert_eq!(all.iter().filter(exited).count(), all.len(), "{what}: {all:?}");
        assert!(
            all.iter().any(|status| status.pid().is_some_and(|one| u64::try_from(one.as_raw()) == Ok(pid))),
            "{what}: {all:?}"
        );

        let mut rest = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(self.report()).unwrap();
        let error = rest.read(&mut record).expect_err(&what);
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock, "{what}: a second record");
    }
}

impl Drop for Fifos {
    /// Leaves nothing, after a failure as well: one that is held goes on.
    fn drop(&mut self) {
        // The error says that there is none.
        let _ = File::options().write(true).custom_flags(libc::O_NONBLOCK).open(self.hold());
        let _ = fs::remove_dir_all(&self.0);
    }
}
