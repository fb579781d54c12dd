//! The pid file: who has it runs, and nobody else; what it names is the daemon, and never a stranger.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod by_hand;
mod client;
mod content;
mod ends;
mod failures;
mod no_ofd_locks;
mod races;
mod second;
mod stale;
mod tools;
mod traced;
mod wrong;

use std::{
    fs::{self, File, OpenOptions, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use godaemon::PidFile;
use nix::sys::signal::Signal;
use support::{Case, Launch, Outcome, Process, Puppet, Running, program, wait_for_end};

/// Where the pid file of a case is.
fn pid_path(case: &Case) -> PathBuf {
    case.folder().join("pid")
}

fn keeper<'case>(case: &'case Case, path: &Path) -> Launch<'case> {
    case.program(program!("keeper")).arg(path)
}

/// Starts a daemon that stays until it is ended.
#[track_caller]
fn start(case: &Case, path: &Path) -> Process {
    started(&keeper(case, path).run())
}

/// The daemon of a start that went well.
#[track_caller]
fn started(outcome: &Outcome) -> Process {
    outcome.assert_success();
    let text = str::from_utf8(&outcome.stdout).unwrap();
    Process(text.strip_suffix('\n').unwrap().parse().unwrap())
}

/// Starts a daemon that obeys.
#[track_caller]
fn obeying(case: &Case, path: &Path) -> Puppet {
    keeper(case, path).env("STOPS=up").daemon()
}

/// Starts a keeper, up to this point.
#[track_caller]
fn stopped_at(case: &Case, path: &Path, point: &str) -> (Running, Puppet) {
    let parent = keeper(case, path).env(format!("STOPS={point}")).spawn();
    (parent, case.puppet())
}

/// Ends a daemon without any chance to tidy up.
#[track_caller]
fn kill(daemon: Process) {
    daemon.signal(Signal::SIGKILL);
    wait_for_end(daemon.0);
}

/// A file of the test's own.
fn write(path: &Path, content: impl AsRef<[u8]>) {
    fs::write(path, content).unwrap();
}

/// The number in a pid file, which holds nothing else.
#[track_caller]
fn number_in(path: &Path) -> i32 {
    let text = fs::read_to_string(path).unwrap();
    match text.strip_suffix('\n').map(str::parse) {
        Some(Ok(number)) => number,
        _ => panic!("not a number: {text:?}"),
    }
}

/// Whether somebody has the lock of this file. It looks by taking it, so nobody may be about to start.
#[track_caller]
fn is_locked(path: &Path) -> bool {
    support::is_locked(&File::open(path).unwrap())
}

/// A lock of the test's own, as `flock(1)` has it.
struct Lock(File);

impl Lock {
    #[track_caller]
    fn of(path: &Path) -> Self {
        let file = OpenOptions::new().create(true).append(true).open(path).unwrap();
        file.try_lock().unwrap();
        Self(file)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.0.unlock().unwrap();
    }
}

/// This process has the pid file, by all that one can see.
#[track_caller]
fn assert_holds(path: &Path, daemon: Process) {
    assert!(daemon.is_alive());
    assert_eq!(number_in(path), daemon.0);
    assert!(is_locked(path));
    assert_eq!(PidFile::new(path).running().unwrap(), Some(daemon.0.cast_unsigned()));
}

/// Nobody has it, whether it is there or not.
#[track_caller]
fn assert_free(path: &Path) {
    assert!(!path.exists() || !is_locked(path));
    assert_eq!(PidFile::new(path).running().unwrap(), None);
}

/// A start that met another instance, and said so.
#[track_caller]
fn assert_already_running(outcome: &Outcome, path: &Path, holder: Process) {
    let line = format!("keeper: already running: process {} holds {}", holder.0, path.display());
    assert_failed(outcome, &line, 69);
}

/// The same, when nobody can say who the other one is.
#[track_caller]
fn assert_locked_out(outcome: &Outcome, path: &Path) {
    assert_failed(outcome, &format!("keeper: already running: {} is locked", path.display()), 69);
}

#[track_caller]
fn assert_failed(outcome: &Outcome, line: &str, status: i32) {
    assert_eq!((outcome.failure(), outcome.status.code()), (line, Some(status)));
    assert_eq!(outcome.stdout, b"", "it says that a daemon is up");
}

/// A folder in which every user may make files.
fn folder_for_all(case: &Case) -> PathBuf {
    let folder = case.folder().join("for-all");
    fs::create_dir(&folder).unwrap();
    set_mode(&folder, 0o777);
    folder
}

#[track_caller]
fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Whether an ordinary user can be had here. Says so if not.
fn has_ordinary_user(case: &Case) -> bool {
    let has = !support::is_root() || case.is_open_to_all();
    if !has {
        support::skip("another user cannot come to the programs");
    }
    has
}

/// A process that has nothing to do with any daemon, and on which every signal leaves a trace.
struct Stranger {
    process: Process,
    _running: Running,
}

impl Stranger {
    #[track_caller]
    fn new(case: &Case) -> Self {
        let running = case.command("/bin/sleep").first(["block-all"]).arg("1000").spawn();
        Self { process: case.process_named("sleep"), _running: running }
    }

    #[track_caller]
    fn assert_unharmed(&self) {
        assert!(self.process.is_alive());
        let waiting: Vec<_> = ["SigPnd", "ShdPnd"].map(|key| self.process.signals(key)).into();
        assert!(waiting.iter().all(|signals| signals.is_empty()), "signals for a stranger: {waiting:?}");
    }
}
