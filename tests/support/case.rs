//! The surroundings of one test, and its end.

use std::{
    cell::RefCell,
    collections::BTreeSet,
    env,
    ffi::OsStr,
    fs, io,
    os::{
        linux::net::SocketAddrExt,
        unix::{
            ffi::OsStrExt,
            fs::PermissionsExt,
            net::{SocketAddr, UnixListener},
        },
    },
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU32, Ordering},
};

use nix::{
    sys::{
        prctl,
        signal::{Signal, kill},
        wait::{WaitPidFlag, waitpid},
    },
    unistd::Pid,
};

use crate::{Launch, Process, Puppet, Stat, wait, wait_until};

/// The variable by which the processes of a case are known, also those that run no program of ours.
const VARIABLE: &str = "GODAEMON_CASE";

/// One test: a folder of its own, the socket that its programs report on, and the end of everything it started.
#[derive(Debug)]
pub struct Case {
    folder: PathBuf,
    reports: UnixListener,
    /// The sessions of the daemons that reported: what died in them, unseen, is ours to reap.
    sessions: RefCell<BTreeSet<i32>>,
}

impl Default for Case {
    fn default() -> Self {
        Self::new()
    }
}

impl Case {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        // So daemons come to this process, and not to an `init` that may be slow to reap them, or is no part of this.
        prctl::set_child_subreaper(true).unwrap();
        let name = format!("{}-{}", me(), NEXT.fetch_add(1, Ordering::Relaxed));
        // Beside the programs, so that they can be linked instead of copied. A number may have been used before.
        let folder = programs().join("cases").join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        // Whatever the umask: an ordinary user comes here, too.
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        let reports = UnixListener::bind_addr(&address(&folder)).unwrap();
        reports.set_nonblocking(true).unwrap();
        Self { folder, reports, sessions: RefCell::default() }
    }

    /// A folder that is this test's own. It is removed at the end.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether a user without any rights can get into the folder: below the home of `root`, say, he cannot.
    pub fn is_open_to_all(&self) -> bool {
        self.folder.ancestors().all(|path| fs::metadata(path).unwrap().permissions().mode() & 0o001 != 0)
    }

    /// A program of this package, ready to be started. It gets a second name in this case's folder: whatever runs it
    /// belongs to this case, and the name can be removed or replaced.
    pub fn program(&self, program: impl AsRef<Path>) -> Launch<'_> {
        let program = program.as_ref();
        let link = self.folder.join(program.file_name().unwrap());
        match fs::hard_link(program, &link) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                panic!("{}: {error}", link.display())
            }
            _ => self.command(link),
        }
    }

    /// Any program, ready to be started.
    pub fn command(&self, program: impl AsRef<Path>) -> Launch<'_> {
        Launch::new(self, program.as_ref())
            .env("PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin")
            .env(self.mark())
    }

    /// The entry of the environment by which processes belong to this case. For programs that are started without it,
    /// their path in this case's folder does.
    pub fn mark(&self) -> String {
        format!("{VARIABLE}={}", self.folder.to_str().unwrap())
    }

    /// Waits for the next process that stops to report.
    #[track_caller]
    pub fn puppet(&self) -> Puppet {
        let stream = wait_until("the report of a program", || match self.reports.accept() {
            Ok((stream, _)) => Some(stream),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
            Err(error) => panic!("no report: {error}"),
        });
        let puppet = Puppet::new(stream);
        if puppet.text("stage") == "daemon" {
            self.adopt(puppet.number("sid"));
        }
        puppet
    }

    /// The processes of this case that are alive.
    pub fn processes(&self) -> Vec<Process> {
        let mark = self.mark();
        let belongs = |process: Process| {
            process.executable().is_ok_and(|path| path.starts_with(&self.folder))
                || process
                    .raw_environment()
                    .is_ok_and(|bytes| bytes.split(|&byte| byte == 0).any(|entry| entry == mark.as_bytes()))
        };
        all_processes().filter(|&process| belongs(process)).collect()
    }

    /// The one process of this case that has this name. It has it a moment after whoever started it goes on.
    #[track_caller]
    pub fn process_named(&self, name: &str) -> Process {
        wait_until(format_args!("one process {name}"), || {
            let mut processes = self.processes();
            processes.retain(|process| process.is_alive() && process.try_name().as_deref() == Some(name));
            match processes[..] {
                [process] => Some(process),
                _ => None,
            }
        })
    }

    /// Waits until nothing of this case is alive.
    #[track_caller]
    pub fn wait_until_empty(&self) {
        wait_until("the end of all processes", || self.processes().is_empty().then_some(()));
    }

    /// Takes over what dies in a session. This process's own one is all tests': in it are daemons in the foreground.
    fn adopt(&self, session: i32) {
        if session != Process(me()).stat().session {
            self.sessions.borrow_mut().insert(session);
        }
    }

    /// Whether it is in the session of a daemon of this case, and this process has adopted it: dead or alive.
    fn has_adopted(&self, process: Process) -> bool {
        let ours = |stat: Stat| stat.parent == me() && self.sessions.borrow().contains(&stat.session);
        process.try_stat().is_some_and(ours)
    }
}

/// Ends whatever is left. What starts others may do so between a look and a signal, hence again and again.
impl Drop for Case {
    fn drop(&mut self) {
        let ended = wait::seen_in_time(|| {
            let alive = self.processes();
            for process in &alive {
                // A daemon perhaps whose report nobody asked for.
                if let Some(stat) = process.try_stat() {
                    self.adopt(stat.session);
                }
                let _ = kill(Pid::from_raw(process.0), Signal::SIGKILL);
            }
            // The other children of this process are waited for by those who started them.
            let adopted: Vec<_> = all_processes().filter(|&process| self.has_adopted(process)).collect();
            for process in &adopted {
                let _ = waitpid(Pid::from_raw(process.0), Some(WaitPidFlag::WNOHANG));
            }
            (alive.is_empty() && adopted.is_empty()).then_some(())
        });
        if ended.is_none() {
            eprintln!("could not end {:?}", self.processes());
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn me() -> i32 {
    process::id().cast_signed()
}

/// Where cargo puts the programs: one above the tests.
pub(crate) fn programs() -> PathBuf {
    env::current_exe().unwrap().parent().and_then(Path::parent).unwrap().to_owned()
}

/// The socket of the case in this folder.
///
/// Without a path: it is there for every user, in every mount namespace, and has no limit of 108 bytes.
fn address(folder: &Path) -> SocketAddr {
    let name = [b"godaemon-tests/", folder.file_name().unwrap().as_bytes()].concat();
    SocketAddr::from_abstract_name(name).unwrap()
}

/// The same, in one of the programs: their folder is in the environment, or else the one that they are in.
pub(crate) fn own_address() -> SocketAddr {
    match env::var_os(VARIABLE) {
        Some(folder) => address(folder.as_ref()),
        None => address(env::current_exe().unwrap().parent().unwrap()),
    }
}

fn all_processes() -> impl Iterator<Item = Process> {
    let number = |name: &OsStr| name.to_str()?.parse().ok();
    fs::read_dir("/proc").unwrap().filter_map(move |entry| number(&entry.ok()?.file_name())).map(Process)
}
