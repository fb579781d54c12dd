//! One start of a program, looked at from outside. For Linux.
//!
//! A program says by a record on a pipe that its daemon runs (see `report.rs`); it opens the pipe by a path that leads through
//! the descriptors of this process, so there is nothing to clean up, and nothing to open when this process is gone.
//! A start is over when nothing of it is left.

use crate::Result;
use crate::clock::now;
use crate::file::{made_without_name, path_for_others, without_name};
use crate::guard::{self, reap};
use crate::memory;
use crate::programs::Program;
use crate::report::{HOLD, RECORD, REPORT};
use crate::system_calls::SystemCalls;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::stat::Mode;
use nix::unistd::{dup, mkfifo};
use std::env;
use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

/// How many descriptors this process, and a program, may need besides those that are inherited.
const SPARE: u32 = 100;

/// What a program is started with, besides what it needs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Surroundings {
    /// So many open descriptors.
    pub descriptors: u32,
    /// So much in the environment, in KiB.
    pub environment: usize,
}

impl Surroundings {
    /// Why it is not possible here.
    #[must_use]
    pub fn obstacle(self) -> Option<String> {
        let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
        (u64::from(self.descriptors + SPARE) > most)
            .then(|| format!("no more than {most} descriptors can be open"))
    }
}

/// Starts programs.
#[derive(Debug)]
pub struct Starter {
    records: PipeReader,
    /// So that the pipe has no end.
    _writer: PipeWriter,
}

impl Starter {
    /// Ready to start programs.
    pub fn new() -> Result<Starter> {
        let (records, writer) = io::pipe()?;
        Ok(Starter { records, _writer: writer })
    }

    /// Starts a program, and lets it say on standard error what is wrong with it.
    pub fn try_out(&self, program: &Program) -> Result<()> {
        let mut command = self.command(program);
        self.run(program.name, command.stderr(Stdio::inherit()))?;
        Ok(())
    }

    /// From the launch until the foreground process is gone, and until the first statement of the daemon, in microseconds.
    pub fn measure(&self, program: &Program, surroundings: Surroundings) -> Result<[f64; 2]> {
        let mut command = self.command(program);
        for number in 0..surroundings.environment {
            let name = format!("GODAEMON_BENCH_{number:04}");
            let filling = "x".repeat(1024 - name.len() - "=\0".len());
            command.env(name, filling);
        }
        let descriptors = Some(surroundings.descriptors).filter(|count| *count > 0);
        let _open = descriptors.map(Descriptors::open).transpose()?;
        let begin = now()?;
        let run = self.run(program.name, &mut command);
        // Once more where it can be heard, if it fails.
        let run = run.or_else(|error| self.try_out(program).and(Err(error)))?;
        Ok([run.end, run.record.time].map(|time| time.saturating_sub(begin).as_secs_f64() * 1e6))
    }

    /// The system calls of all processes together.
    pub fn system_calls(&self, program: &Program) -> Result<SystemCalls> {
        let mut table = without_name()?;
        let mut command = self.command_of("strace".into());
        command.args(SystemCalls::STRACE).arg("-o").arg(path_for_others(&table));
        command.arg(&program.path).args(&program.args).stderr(Stdio::inherit());
        self.run(&format!("{}, by strace", program.name), &mut command)?;
        let mut text = String::new();
        table.read_to_string(&mut text)?;
        Ok(SystemCalls::from_strace(&text).map_err(|why| format!("{}: {why}", program.name))?)
    }

    /// The system calls of all processes with their times, as `perf trace` writes them.
    pub fn trace(&self, program: &Program) -> Result<String> {
        let mut trace = without_name()?;
        let mut command = self.command_of("perf".into());
        command.args(["trace", "-o"]).arg(path_for_others(&trace));
        command.arg(&program.path).args(&program.args).stderr(Stdio::inherit());
        self.run(&format!("{}, by perf", program.name), &mut command)?;
        let mut text = String::new();
        trace.read_to_string(&mut text)?;
        Ok(text)
    }

    /// The most memory that the daemon has had when it is up, in KiB.
    pub fn peak_memory(&self, program: &Program) -> Result<u64> {
        let name = program.name;
        let mut hold = Hold::new()?;
        let (mut child, _deadline) = guard::start(name, self.command(program).env(HOLD, hold.path()))?;
        let record = self.record(PollTimeout::NONE)?.ok_or_else(|| format!("{name}: no record"))?;
        if record.process != child.id() {
            // By then the daemon has said that it is up, if it does.
            succeeded(name, child.wait()?)?;
        }
        let peak = memory::peak(&record.process.to_string());
        let _open = hold.let_go()?;
        if record.process == child.id() {
            succeeded(name, child.wait()?)?;
        }
        reap()?;
        peak.ok_or_else(|| format!("{name}: ended although it was held").into())
    }

    fn command(&self, program: &Program) -> Command {
        let mut command = self.command_of(program.path.clone());
        command.args(&program.args);
        command
    }

    /// Nothing in it that keeps std from using `posix_spawn`; and little in the environment, where cargo has put a lot, such
    /// as folders in which the loader would look for libraries.
    fn command_of(&self, path: PathBuf) -> Command {
        let mut command = Command::new(path);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.env_clear().env("PATH", env::var_os("PATH").unwrap_or_default());
        command.env(REPORT, path_for_others(&self.records));
        command
    }

    /// Runs a program until nothing of it is left.
    fn run(&self, name: &str, command: &mut Command) -> Result<Run> {
        let (mut child, _deadline) = guard::start(name, command)?;
        let status = child.wait()?;
        let end = now()?;
        reap()?;
        let mut records = Vec::new();
        while let Some(record) = self.record(PollTimeout::ZERO)? {
            records.push(record);
        }
        succeeded(name, status)?;
        match <[Record; 1]>::try_from(records) {
            Ok([record]) => Ok(Run { end, record }),
            Err(records) => Err(format!("{name}: not one record but {records:?}").into()),
        }
    }

    fn record(&self, within: PollTimeout) -> Result<Option<Record>> {
        let mut records = [PollFd::new(self.records.as_fd(), PollFlags::POLLIN)];
        if poll(&mut records, within)? == 0 {
            return Ok(None);
        }
        let mut record = [0; RECORD];
        (&self.records).read_exact(&mut record)?;
        Ok(Some(Record::from_bytes(record)?))
    }
}

struct Run {
    /// When the foreground process was gone.
    end: Duration,
    record: Record,
}

/// What a daemon says first of all.
#[derive(Debug, PartialEq)]
struct Record {
    time: Duration,
    process: u32,
}

impl Record {
    fn from_bytes(bytes: [u8; RECORD]) -> Result<Record> {
        let (time, process) = bytes.split_at(RECORD / 2);
        let [time, process] = [u64::from_le_bytes(time.try_into()?), u64::from_le_bytes(process.try_into()?)];
        Ok(Record { time: Duration::from_nanos(time), process: process.try_into()? })
    }
}

fn succeeded(name: &str, status: ExitStatus) -> Result<()> {
    if status.success() { Ok(()) } else { Err(format!("{name}: {status}").into()) }
}

/// Descriptors that a program inherits.
struct Descriptors {
    _open: Vec<OwnedFd>,
    _limit: Limit,
}

impl Descriptors {
    fn open(count: u32) -> Result<Descriptors> {
        let limit = Limit::raise()?;
        let null = File::open("/dev/null")?;
        // Not std's way, which would close them on exec.
        let open: nix::Result<_> = (0..count).map(|_| dup(&null)).collect();
        Ok(Descriptors { _open: open?, _limit: limit })
    }
}

/// As many descriptors may be open as the system allows, until this is dropped.
struct Limit {
    before: u64,
    most: u64,
}

impl Limit {
    fn raise() -> Result<Limit> {
        let (before, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
        setrlimit(Resource::RLIMIT_NOFILE, most, most)?;
        Ok(Limit { before, most })
    }
}

impl Drop for Limit {
    fn drop(&mut self) {
        // Less is always allowed.
        let _ = setrlimit(Resource::RLIMIT_NOFILE, self.before, self.most);
    }
}

/// A FIFO that a program opens for reading, which takes until somebody opens the other end: this process, or a shell when this
/// process is gone. So nothing is held for ever.
struct Hold {
    fifo: File,
    shell: Child,
}

impl Hold {
    fn new() -> Result<Hold> {
        let fifo = made_without_name(|path| {
            mkfifo(path, Mode::S_IRUSR | Mode::S_IWUSR)?;
            // Does not take until somebody opens the other end.
            Ok(File::options().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(path)?)
        })?;
        let mut shell = Command::new("sh");
        shell.args(["-c", "read -r line; : <>/proc/self/fd/1"]);
        let shell = shell.stdin(Stdio::piped()).stdout(fifo.try_clone()?).spawn()?;
        Ok(Hold { fifo, shell })
    }

    fn path(&self) -> PathBuf {
        path_for_others(&self.fifo)
    }

    /// The other end, to be kept until the program is gone: it may not have come to where it is held.
    fn let_go(&mut self) -> Result<File> {
        let open = File::options().write(true).open(self.path())?;
        drop(self.shell.stdin.take());
        succeeded("sh", self.shell.wait()?)?;
        Ok(open)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_has_two_numbers() {
        let bytes = *b"\x00\xCA\x9A\x3B\0\0\0\0\x02\x01\0\0\0\0\0\0";
        let record = Record::from_bytes(bytes).expect("a record");
        assert_eq!(record, Record { time: Duration::from_secs(1), process: 258 });
        assert!(Record::from_bytes([0xFF; RECORD]).is_err(), "no process has such a number");
    }
}
