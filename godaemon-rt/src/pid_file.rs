//! The pid file: a lock that says whether the daemon runs, and the number of its process.
//!
//! | on the file | says | from | until |
//! |---|---|---|---|
//! | the lock of `flock(2)` | whose file it is: the next start is refused | it is opened | the end |
//! | the number | of which process it is | the lock is held | the end, when it is taken out |
//! | the mark, where the system has one | that the number holds | the number is written | before the number is taken out |
//!
//! All three belong to one open file, which the parent opens and the daemon has until its end ([`claim`]). Everybody
//! else asks for the mark, which takes nothing from anybody ([`PidFile`]).

pub(crate) mod claim;

use crate::error::Seconds;
use crate::opening::{self, Wanted, is_at};
use crate::sys::handle::Handle;
use crate::sys::process::{self, Pid};
use crate::sys::{fds, locks};
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// More than any number with some blanks.
const LONGEST: usize = 32;

/// How long something may take that another process does without waiting for anything: between its lock and its
/// number, or between its last step and its end.
const PATIENCE: Duration = Duration::from_millis(200);

/// How long a start may take to end its daemon when its parent has been ended: a second, if that does not end by
/// itself, and some time to do it.
const ABANDONED_START: Duration = Duration::from_millis(1500);

/// Who owns the directory can change the file for ever.
const CHANGES: &str = "it changes all the time";

/// How often to look meanwhile.
const PAUSE: Duration = Duration::from_millis(1);

/// The pid file of a daemon, as another process uses it: to ask whether the daemon runs, and to signal it.
///
/// Whether it runs is decided by the lock that the daemon holds, never by the number alone: a file that was left
/// behind does not count, nor does another process that has got the number since. Asking takes no lock, and keeps
/// no daemon from starting.
///
/// A daemon that has only a lock of `flock(2)` on its file, made with another library, is not seen to run; a start
/// sees it.
///
/// ```no_run
/// # use godaemon_rt as godaemon;
/// use godaemon::PidFile;
/// use std::time::Duration;
///
/// let pid_file = PidFile::new("/run/echod.pid");
/// match pid_file.running()? {
///     Some(pid) => println!("echod runs, process {pid}"),
///     None => println!("echod does not run"),
/// }
/// pid_file.stop(Duration::from_secs(10))?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PidFile {
    path: PathBuf,
}

impl PidFile {
    /// The pid file at this path. Nothing is looked at before it is asked for.
    pub fn new(path: impl AsRef<Path>) -> PidFile {
        PidFile { path: path.as_ref().to_owned() }
    }

    /// The path, as it was given.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The number of the daemon's process, if it runs; while it starts that of the parent. `None` if there is no
    /// such file, or nobody has it locked.
    ///
    /// Where the system has no locks of open file descriptions (before Linux 3.15, FreeBSD, macOS), it takes the lock
    /// of `flock(2)` for a moment; a start waits for that.
    ///
    /// While somebody changes the file it looks again, for 0.2 seconds at most.
    ///
    /// ```no_run
    /// # use godaemon_rt as godaemon;
    /// let is_running = godaemon::PidFile::new("/run/echod.pid").running()?.is_some();
    /// # let _: bool = is_running;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// - [`InvalidData`](io::ErrorKind::InvalidData): the file holds something other than a process number, or is
    ///   locked and holds none.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): it is no regular file but a link, a FIFO, a directory.
    /// - [`PermissionDenied`](io::ErrorKind::PermissionDenied), and whatever else `open(2)` may say.
    pub fn running(&self) -> io::Result<Option<u32>> {
        Ok(self.find()?.map(|(_, pid)| pid.unsigned_abs()))
    }

    /// Sends a signal, by its number, to the daemon. 0 sends nothing, and asks whether that is allowed.
    ///
    /// The process has to hold the lock, and to have the file open where this may be looked up (`/proc/PID/fd`): a
    /// number that somebody has written into the file does not aim at another process. On Linux the signal goes
    /// through a pid descriptor, so that it cannot reach a process that has got the number since.
    ///
    /// # Errors
    ///
    /// - [`NotFound`](io::ErrorKind::NotFound): the daemon does not run.
    /// - [`PermissionDenied`](io::ErrorKind::PermissionDenied): the signal, or reading the file, is not allowed.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): there is no such signal.
    /// - [`InvalidData`](io::ErrorKind::InvalidData): the process that the file names is not the one that has it open;
    ///   and see [`running`](PidFile::running).
    ///
    /// ```no_run
    /// # use godaemon_rt as godaemon;
    /// godaemon::PidFile::new("/run/echod.pid").signal(1)?; // SIGHUP
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn signal(&self, number: i32) -> io::Result<()> {
        let (_, daemon) = self.daemon()?;
        daemon.signal(number).map_err(|error| self.cannot_signal(daemon.pid(), error))
    }

    /// Ends the daemon: sends SIGTERM, and returns when the process is gone and nobody holds the file any more, so that
    /// the next start finds it free. (Without pid descriptors, when nobody holds it.) A start that is under way is
    /// ended as a whole.
    ///
    /// ```no_run
    /// # use godaemon_rt as godaemon;
    /// use std::{io, time::Duration};
    ///
    /// match godaemon::PidFile::new("/run/echod.pid").stop(Duration::from_secs(10)) {
    ///     Err(error) if error.kind() == io::ErrorKind::NotFound => println!("it did not run"),
    ///     stopped => stopped?,
    /// }
    /// # Ok::<(), io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`signal`](PidFile::signal), and [`TimedOut`](io::ErrorKind::TimedOut): the daemon is still there after
    /// `within`, or a process that it forked still holds the file. Nothing else is done to it. If somebody has started
    /// another instance meanwhile, which has the same file, this one is over after 1.5 seconds.
    pub fn stop(&self, within: Duration) -> io::Result<()> {
        let deadline = Instant::now().checked_add(within);
        let (file, daemon) = self.daemon()?;
        daemon.signal(libc::SIGTERM).map_err(|error| self.cannot_signal(daemon.pid(), error))?;
        let late = |what: &str| {
            let what = format!("{what} within {} s", Seconds(within));
            Err(self.about(io::Error::new(io::ErrorKind::TimedOut, what)))
        };
        if !daemon.await_end(deadline).unwrap_or(Ok(true))? {
            return late(&format!("process {} has not ended", daemon.pid()));
        }
        let gone = Instant::now();
        while is_held(&file).map_err(|error| self.about(error))? {
            let is_late = deadline.is_some_and(|deadline| Instant::now() >= deadline);
            if number_in(&file).ok().flatten().is_some_and(|pid| pid != daemon.pid()) {
                // The daemon of a start whose parent has just been ended, or the next instance.
                if gone.elapsed() >= ABANDONED_START {
                    return Ok(());
                }
            }
            if is_late {
                return late("it has not been let go");
            }
            thread::sleep(PAUSE);
        }
        Ok(())
    }

    /// The file, while somebody holds it, and the process that it names.
    fn find(&self) -> io::Result<Option<(File, Pid)>> {
        let mut why = CHANGES;
        for _ in Patience::new() {
            let file =
                match opening::open_existing(&self.path, File::options().read(true), Wanted::RegularFile) {
                    Ok(file) => file,
                    Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                    Err(error) => return Err(self.about(error)),
                };
            let held = is_held(&file).map_err(|error| self.about(error))?;
            if !held && !is_at(&file, &self.path) {
                // Another one has come, or none is left.
                continue;
            }
            let number = || number_in(&file).map_err(|error| self.about(error));
            match number()? {
                _ if !held => return Ok(None),
                // Not every file system replaces a number in one.
                Some(pid) if number()? == Some(pid) => return Ok(Some((file, pid))),
                Some(_) => {}
                None => {
                    // About to be written, or just taken out.
                    why = "it is locked, and holds no process number";
                    thread::sleep(PAUSE);
                }
            }
        }
        Err(self.about(invalid(why)))
    }

    /// The file, and the process that it names, which had it locked when its handle had been made.
    fn daemon(&self) -> io::Result<(File, Handle)> {
        for _ in Patience::new() {
            let Some((file, pid)) = self.find()? else { return Err(self.not_running()) };
            let handle = Handle::open(pid);
            let has_open = has_open(pid, &file);
            // Only if the file still names it, all this was about the process that it named.
            let Some((_, again)) = self.find()? else { return Err(self.not_running()) };
            match handle {
                _ if again != pid => {}
                Ok(handle) if has_open != Some(false) => return Ok((file, handle)),
                Ok(_) => {
                    let what = format!("process {pid}, which it names, does not have it open");
                    return Err(self.about(invalid(&what)));
                }
                Err(error) => return Err(self.cannot_signal(pid, error)),
            }
        }
        Err(self.about(invalid(CHANGES)))
    }

    fn cannot_signal(&self, pid: Pid, error: io::Error) -> io::Error {
        if error.raw_os_error() == Some(libc::ESRCH) {
            return self.not_running();
        }
        let what = format!("cannot signal process {pid}: {error}");
        self.about(io::Error::new(error.kind(), what))
    }

    fn not_running(&self) -> io::Error {
        io::Error::new(io::ErrorKind::NotFound, format!("{}: not running", self.path.display()))
    }

    fn about(&self, error: io::Error) -> io::Error {
        io::Error::new(error.kind(), format!("{}: {error}", self.path.display()))
    }
}

/// Looks again and again, but not for ever: for [`PATIENCE`], and some times however long that takes.
struct Patience {
    looks: usize,
    deadline: Instant,
}

impl Patience {
    fn new() -> Patience {
        Patience { looks: 0, deadline: Instant::now() + PATIENCE }
    }
}

impl Iterator for Patience {
    type Item = ();

    fn next(&mut self) -> Option<()> {
        const LEAST: usize = 3;
        self.looks += 1;
        (self.looks <= LEAST || Instant::now() < self.deadline).then_some(())
    }
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Whether another process holds a file, and the number in it.
fn is_held(file: &File) -> io::Result<bool> {
    match locks::is_marked(file.as_fd())? {
        Some(marked) => Ok(marked),
        None => locks::is_locked(file.as_fd()),
    }
}

/// The process that a pid file names; an error if it is none.
fn number_in(file: &File) -> io::Result<Option<Pid>> {
    let mut text = [0; LONGEST + 1];
    let length = read(file, &mut text)?;
    parse(text.get(..length).unwrap_or_default()).ok_or_else(something_else)
}

/// Makes sure that this is a pid file, which nobody changes just now. Files that the system makes up as they are read
/// have no length.
fn check(file: &File) -> io::Result<()> {
    number_in(file)?;
    let length = read(file, &mut [0; LONGEST + 1])?;
    if file.metadata()?.len() == length as u64 { Ok(()) } else { Err(something_else()) }
}

fn something_else() -> io::Error {
    invalid("it holds something other than a process number")
}

fn read(file: &File, text: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    // One call reads all of it, on every system that was seen; the second finds the end.
    loop {
        match file.read_at(text.get_mut(length..).unwrap_or_default(), length as u64) {
            Ok(0) => return Ok(length),
            Ok(count) => length += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// `None` for what is in no pid file; `Some(None)` for a pid file that names no process.
fn parse(text: &[u8]) -> Option<Option<Pid>> {
    let digits = text.trim_ascii();
    if text.len() > LONGEST || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
    Some(number.filter(|&number| number != 0))
}

/// Writes the number of this process over another one. Whoever reads the first line meanwhile finds one of the two.
fn write_number(file: &File) -> io::Result<()> {
    let old = usize::try_from(file.metadata()?.len()).unwrap_or(LONGEST).min(LONGEST);
    let mut text = format!("{}\n", process::own()).into_bytes();
    let length = text.len();
    text.resize(length.max(old), b'\n');
    file.write_all_at(&text, 0)?;
    file.set_len(length as u64)
}

/// Whether a process has this file open; `None` if that may not be looked up.
fn has_open(pid: Pid, file: &File) -> Option<bool> {
    let folder = PathBuf::from(format!("/proc/{pid}/fd"));
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        // There is none of this number, or `/proc` hides it, or there is no `/proc`.
        Err(error) if error.kind() == io::ErrorKind::NotFound && !process::exists(pid) => return Some(false),
        Err(_) => return None,
    };
    let own = fds::identity(file.as_raw_fd()).ok()?;
    let is_it = |fd: &PathBuf| fs::metadata(fd).is_ok_and(|target| (target.dev(), target.ino()) == own);
    // First what has the same path: to look at others may take long, if one is on a file system that does not answer.
    let path = fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd())).ok();
    let has_path = |fd: &PathBuf| path.is_some() && fs::read_link(fd).ok() == path;
    let (likely, others): (Vec<_>, Vec<_>) = entries.flatten().map(|entry| entry.path()).partition(has_path);
    Some(likely.iter().chain(&others).any(is_it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_with_blanks_are_numbers() {
        for (text, number) in [
            (&b"4711\n"[..], Some(4711)),
            (b"4711", Some(4711)),
            (b"  4711 \n\n\n", Some(4711)),
            (b"0004711\n", Some(4711)),
            (b"2147483647\n", Some(Pid::MAX)),
            // Numbers, but not of processes.
            (b"0\n", None),
            (b"2147483648\n", None),
            (b"99999999999999999999\n", None),
            (b"", None),
            (b"\n", None),
        ] {
            assert_eq!(parse(text), Some(number), "{}", text.escape_ascii());
        }
    }

    #[test]
    fn everything_else_is_no_pid_file() {
        let long = [b'1'; LONGEST + 1];
        let texts: [&[u8]; 9] =
            [b"x", b"4711 4712", b"-1", b"+1", b"47\n11", b"0x12", b"4711;\n", b"\0\0\0\0", &long];
        for text in texts {
            assert_eq!(parse(text), None, "{}", text.escape_ascii());
        }
    }
}
