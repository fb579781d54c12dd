//! Starting a program, and how that went.

use std::{
    ffi::{OsStr, OsString},
    fmt,
    io::Read,
    os::{fd::OwnedFd, unix::process::ExitStatusExt},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
};

use nix::sys::signal::Signal;

use crate::{Case, NOBODY, Process, Terminal, case, errors, wait::DEADLINE, wait_until};

/// A program to be started, as a user, a shell or a supervisor would: with exactly these arguments, this environment
/// and these surroundings. It starts in the folder of its case, if nothing else is said.
#[derive(Debug)]
#[must_use = "nothing has been started yet"]
pub struct Launch<'case> {
    case: &'case Case,
    program: PathBuf,
    /// For the program `launch`: what to do before it becomes the wanted one.
    steps: Vec<OsString>,
    argv: Vec<OsString>,
    env: Vec<OsString>,
    stdin: Option<OwnedFd>,
    output: Option<[OwnedFd; 2]>,
}

impl<'case> Launch<'case> {
    pub(crate) fn new(case: &'case Case, program: &Path) -> Self {
        let argv = vec![program.into()];
        Self {
            case,
            program: program.into(),
            steps: Vec::new(),
            argv,
            env: Vec::new(),
            stdin: None,
            output: None,
        }
    }

    /// The path of the program.
    pub fn path(&self) -> &Path {
        &self.program
    }

    /// Starts it by this path instead, which names the same file.
    pub fn by(mut self, path: &str) -> Self {
        self.program = path.into();
        self
    }

    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.argv.push(arg.as_ref().into());
        self
    }

    /// All arguments, with the name that comes first.
    pub fn argv<S: AsRef<OsStr>>(mut self, argv: impl IntoIterator<Item = S>) -> Self {
        self.argv = argv.into_iter().map(|arg| arg.as_ref().into()).collect();
        self
    }

    /// One more entry for the environment, well-formed or not.
    pub fn env(mut self, entry: impl AsRef<OsStr>) -> Self {
        self.env.push(entry.as_ref().into());
        self
    }

    /// The whole environment.
    pub fn only_env<S: AsRef<OsStr>>(mut self, entries: impl IntoIterator<Item = S>) -> Self {
        self.env = entries.into_iter().map(|entry| entry.as_ref().into()).collect();
        self
    }

    /// One more thing to do before the program begins; see `programs/launch.rs` for what there is.
    pub fn first<S: AsRef<OsStr>>(mut self, step: impl IntoIterator<Item = S>) -> Self {
        self.steps.extend(step.into_iter().map(|word| word.as_ref().into()));
        self
    }

    /// Becomes an ordinary user, if this test runs as root. Steps that need root come before.
    pub fn unprivileged(self) -> Self {
        if crate::is_root() { self.first(["user", &NOBODY.to_string()]) } else { self }
    }

    pub fn stdin(mut self, file: impl Into<OwnedFd>) -> Self {
        self.stdin = Some(file.into());
        self
    }

    /// Runs on this terminal, as the leader of its session: like the shell that a terminal window starts.
    pub fn on(mut self, terminal: &Terminal) -> Self {
        self.output = Some([terminal.slave(), terminal.slave()]);
        self.stdin(terminal.slave()).first(["session", "terminal"])
    }

    /// Starts the program; it may be waited for later.
    #[track_caller]
    pub fn spawn(self) -> Running {
        let mut command = Command::new(case::programs().join("launch"));
        command.env_clear().current_dir(self.case.folder()).args(&self.steps);
        for entry in &self.env {
            command.arg("env").arg(entry);
        }
        command.arg("exec").arg(&self.program).args(&self.argv);
        command.stdin(self.stdin.map_or_else(Stdio::null, Stdio::from));
        match self.output {
            Some([stdout, stderr]) => command.stdout(stdout).stderr(stderr),
            None => command.stdout(Stdio::piped()).stderr(Stdio::piped()),
        };
        let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot start `launch`: {error}"));
        let (stdout, stderr) = (drain(child.stdout.take()), drain(child.stderr.take()));
        Running { child, stdout, stderr }
    }

    /// Starts the program and waits for the process that was started.
    #[track_caller]
    pub fn run(self) -> Outcome {
        self.spawn().wait()
    }

    /// Starts the program, which is to become a daemon that reports without anything to complain about.
    #[track_caller]
    pub fn daemon(self) -> crate::Puppet {
        let case = self.case;
        self.run().assert_success();
        case.puppet()
    }
}

/// A process that was started. It is killed when it is dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    stdout: Receiver<Vec<u8>>,
    stderr: Receiver<Vec<u8>>,
}

impl Running {
    pub fn process(&self) -> Process {
        Process(self.child.id().cast_signed())
    }

    /// Waits for its end, and for the end of its output: for a shell in `$(...)` it is over only then.
    #[track_caller]
    pub fn wait(mut self) -> Outcome {
        let status = wait_until("the end of the program", || self.child.try_wait().unwrap());
        let read = |stream: &Receiver<Vec<u8>>, name| match stream.recv_timeout(DEADLINE) {
            Ok(bytes) => bytes,
            Err(_) => panic!("the program ended, but somebody holds its {name}"),
        };
        Outcome { status, stdout: read(&self.stdout, "stdout"), stderr: read(&self.stderr, "stderr") }
    }
}

impl Running {
    /// Waits for its end alone: others may have its output for longer.
    #[track_caller]
    pub fn wait_for_exit(mut self) -> ExitStatus {
        wait_until("the end of the program", || self.child.try_wait().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both do nothing to a process that was waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads a stream to its end, on a thread of its own: two of them one after the other would be a deadlock.
fn drain(stream: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            stream.read_to_end(&mut bytes).unwrap();
        }
        // A test that failed no longer listens.
        let _ = sender.send(bytes);
    });
    receiver
}

/// What a user sees of a start.
pub struct Outcome {
    pub status: ExitStatus,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

impl Outcome {
    /// It exited with 0 and had nothing to complain about.
    #[track_caller]
    pub fn assert_success(&self) {
        assert!(self.status.success() && self.stderr.is_empty(), "{self:?}");
    }

    /// It exited with another status, and said why in one line, which this gives back. The documentation has both.
    #[track_caller]
    pub fn failure(&self) -> &str {
        let text = str::from_utf8(&self.stderr).unwrap();
        match (self.status.code(), text.strip_suffix('\n')) {
            (Some(status), Some(line)) if status != 0 && !line.contains('\n') => {
                let (_program, message) = line.split_once(": ").unwrap();
                errors::assert_documented(message, status);
                line
            }
            _ => panic!("not one line, or success: {self:?}"),
        }
    }

    /// It ended by this signal.
    #[track_caller]
    pub fn assert_killed(&self, signal: Signal) {
        assert_eq!(self.status.signal(), Some(signal as i32), "{self:?}");
    }
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [stdout, stderr] = [&self.stdout, &self.stderr].map(|bytes| bytes.escape_ascii());
        write!(f, "{}, stdout \"{stdout}\", stderr \"{stderr}\"", self.status)
    }
}
