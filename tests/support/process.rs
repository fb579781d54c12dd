//! A process as others see it, in `/proc`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::wait_until;

/// A process, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process(pub i32);

/// What `/proc/PID/stat` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stat {
    /// `R`, `S`, `T`, `Z`, ...
    pub state: char,
    pub parent: i32,
    pub group: i32,
    pub session: i32,
    /// The device number of the controlling terminal; 0 for none.
    pub terminal: i32,
}

/// An open descriptor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// A path, or what the kernel shows in its place, such as `socket:[4711]`.
    pub target: PathBuf,
    /// The number of the device, if it is one.
    pub device: u64,
    /// As given to `open`: access mode, `O_CLOEXEC`, ...
    pub flags: i32,
}

impl Descriptor {
    /// Whether it is what `/dev/null` should be, under any path.
    pub fn is_null_device(&self) -> bool {
        self.device == libc::makedev(1, 3)
    }

    pub fn is_close_on_exec(&self) -> bool {
        self.flags & libc::O_CLOEXEC != 0
    }

    pub fn is_readable(&self) -> bool {
        self.flags & libc::O_ACCMODE != libc::O_WRONLY
    }

    pub fn is_writable(&self) -> bool {
        self.flags & libc::O_ACCMODE != libc::O_RDONLY
    }
}

impl Process {
    fn path(self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{name}", self.0))
    }

    /// `None` when there is no such process, not even a dead one.
    pub fn try_stat(self) -> Option<Stat> {
        let text = fs::read_to_string(self.path("stat")).ok()?;
        // The name in parentheses may itself hold spaces and parentheses.
        let mut fields = text[text.rfind(')')? + 1..].split_ascii_whitespace();
        let state = fields.next()?.chars().next()?;
        let mut number = || fields.next()?.parse().ok();
        Some(Stat { state, parent: number()?, group: number()?, session: number()?, terminal: number()? })
    }

    #[track_caller]
    pub fn stat(self) -> Stat {
        self.try_stat().unwrap_or_else(|| panic!("process {} is gone", self.0))
    }

    /// Whether it runs: a dead process that nobody has reaped yet does not.
    pub fn is_alive(self) -> bool {
        self.try_stat().is_some_and(|stat| !matches!(stat.state, 'Z' | 'X'))
    }

    /// A line of `/proc/PID/status`, by its key.
    #[track_caller]
    pub fn status(self, key: &str) -> String {
        let text = fs::read_to_string(self.path("status")).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
        line.unwrap_or_else(|| panic!("no {key} in the status of process {}", self.0)).trim().to_owned()
    }

    /// A set of signals in `/proc/PID/status`: `SigBlk`, `SigIgn`, `SigCgt`.
    #[track_caller]
    pub fn signals(self, key: &str) -> BTreeSet<i32> {
        let bits = u64::from_str_radix(&self.status(key), 16).unwrap();
        (1..=64).filter(|number| bits & (1 << (number - 1)) != 0).collect()
    }

    #[track_caller]
    pub fn descriptors(self) -> BTreeMap<i32, Descriptor> {
        let open = |entry: io::Result<fs::DirEntry>| {
            let entry = entry.unwrap();
            let number: i32 = entry.file_name().to_str().unwrap().parse().unwrap();
            // It may be closed just now.
            let target = fs::read_link(entry.path()).ok()?;
            let info = fs::read_to_string(self.path(&format!("fdinfo/{number}"))).ok()?;
            let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).unwrap().trim();
            let device = fs::metadata(entry.path()).map_or(0, |file| file.rdev());
            Some((number, Descriptor { target, device, flags: i32::from_str_radix(flags, 8).unwrap() }))
        };
        fs::read_dir(self.path("fd")).unwrap().filter_map(open).collect()
    }

    /// The name that `ps -C`, `pgrep` and `killall` go by.
    #[track_caller]
    pub fn name(self) -> String {
        self.try_name().unwrap()
    }

    /// The same; `None` when there is no such process.
    pub fn try_name(self) -> Option<String> {
        Some(fs::read_to_string(self.path("comm")).ok()?.trim_end_matches('\n').to_owned())
    }

    /// The arguments, from the name on.
    #[track_caller]
    pub fn arguments(self) -> Vec<Vec<u8>> {
        strings(&fs::read(self.path("cmdline")).unwrap())
    }

    /// The environment that `ps e` shows.
    ///
    /// Without the zero bytes at its beginning: they are left of the stage that was taken out.
    #[track_caller]
    pub fn environment(self) -> Vec<Vec<u8>> {
        let bytes = self.raw_environment().unwrap();
        let begin = bytes.iter().position(|&byte| byte != 0).unwrap_or(bytes.len());
        strings(&bytes[begin..])
    }

    pub(crate) fn raw_environment(self) -> io::Result<Vec<u8>> {
        fs::read(self.path("environ"))
    }

    #[track_caller]
    pub fn directory(self) -> PathBuf {
        fs::read_link(self.path("cwd")).unwrap()
    }

    pub(crate) fn executable(self) -> io::Result<PathBuf> {
        fs::read_link(self.path("exe"))
    }

    /// Whether it runs this very file, whatever its path is by now.
    #[track_caller]
    pub fn runs(self, file: &Path) -> bool {
        let [mine, wanted] = [self.path("exe").as_path(), file].map(|path| fs::metadata(path).unwrap());
        (mine.dev(), mine.ino()) == (wanted.dev(), wanted.ino())
    }

    #[track_caller]
    pub fn signal(self, signal: Signal) {
        kill(Pid::from_raw(self.0), signal).unwrap();
    }

    /// Stops it until it gets SIGCONT.
    #[track_caller]
    pub fn stop(self) {
        self.signal(Signal::SIGSTOP);
        wait_until("a process to stop", || (self.stat().state == 'T').then_some(()));
    }

    /// Waits until it is dead, whether somebody has reaped it or not.
    #[track_caller]
    pub fn wait_until_dead(self) {
        wait_until("a process to end", || (!self.is_alive()).then_some(()));
    }

    /// Waits until it sleeps. The test knows what it did before, and where it will come to sleep next.
    #[track_caller]
    pub fn wait_until_asleep(self) {
        wait_until("a process to sleep", || (self.stat().state == 'S').then_some(()));
    }

    /// Sends it a signal for which it has a handler, and waits until that has run, and it sleeps again.
    #[track_caller]
    pub fn interrupt(self, signal: Signal) {
        self.signal(signal);
        wait_until("a process to take a signal", || {
            let taken = !self.signals("ShdPnd").contains(&(signal as i32));
            (taken && self.stat().state == 'S').then_some(())
        });
    }
}

/// Each string of a list in which every one ends with a zero byte.
fn strings(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut strings: Vec<_> = bytes.split(|&byte| byte == 0).map(<[u8]>::to_vec).collect();
    strings.pop();
    strings
}

/// A set to compare those of [`Process::signals`] with.
pub fn signal_set<const N: usize>(signals: [Signal; N]) -> BTreeSet<i32> {
    signals.into_iter().map(|signal| signal as i32).collect()
}
