//! Having a pid file: the parent takes it, the daemon keeps it, and whichever of them fails or ends gives it up.

use super::{PATIENCE, PAUSE, has_open, is_at, number_in, write_number};
use crate::error::{Error, ErrorKind};
use crate::opening::{self, Opened};
use crate::sys::locks;
use crate::sys::process::{self, Pid};
use std::fs::{self, File};
use std::io;
use std::mem;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::path::{self, Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

/// Of a file that is made, whatever the umask is.
const MODE: u32 = 0o644;

/// How often another process may replace the file just when it is taken. It does so once, when it ends.
const REPLACEMENTS: usize = 100;

const CANNOT_OPEN: &str = "cannot open the pid file";
const CANNOT_LOCK: &str = "cannot lock the pid file";
const CANNOT_WRITE: &str = "cannot write the pid file";

/// A pid file that is this process's, with its number in it. It is given up when this is dropped, and when the
/// process ends by [`std::process::exit`], which a return from `main` and its panic come to.
#[derive(Debug)]
pub(crate) struct Claim(Arc<Held>);

#[derive(Debug)]
struct Held {
    /// A child that the program forks has all this as well, and may not give it up.
    owner: Pid,
    file: File,
    /// Absolute: the daemon works elsewhere.
    path: PathBuf,
}

/// What to give up at the end of the process.
static HELD: Mutex<Vec<Arc<Held>>> = Mutex::new(Vec::new());

fn held() -> MutexGuard<'static, Vec<Arc<Held>>> {
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How a try to take a file went.
enum Try {
    Taken,
    /// This process has it.
    Held(u32),
    /// Somebody has it, who is about to say who it is, or about to end. Or neither, and is not of our kind.
    Locked,
    /// Another file has come to the path since it was opened.
    Replaced,
}

impl Claim {
    /// Takes the pid file at a path, which is made if there is none.
    pub(crate) fn take(path: &Path) -> Result<Claim, Error> {
        let deadline = Instant::now() + PATIENCE;
        let mut replacements = 0..REPLACEMENTS;
        let absolute = path::absolute(path).map_err(|why| cannot(CANNOT_OPEN, path, why))?;
        loop {
            let access = File::options().read(true).write(true).clone();
            let opened = opening::open(&absolute, &access, MODE, |_| false);
            let Opened { file, is_new } = opened.map_err(|why| cannot(CANNOT_OPEN, path, why))?;
            let holder = match try_take(&file, &absolute) {
                Ok(Try::Taken) => return Claim::begin(file, absolute),
                Ok(Try::Held(holder)) => Some(holder),
                Ok(Try::Locked) if Instant::now() >= deadline => possible_holder(&file),
                Ok(Try::Locked) => {
                    thread::sleep(PAUSE);
                    continue;
                }
                Ok(Try::Replaced) if replacements.next().is_some() => continue,
                Ok(Try::Replaced) => {
                    let why = io::Error::other("another process replaces it all the time");
                    return Err(cannot(CANNOT_OPEN, path, why));
                }
                Err((what, why)) => {
                    if is_new && is_at(&file, &absolute) {
                        // It was not there before, and what cannot be removed is empty.
                        let _ = fs::remove_file(&absolute);
                    }
                    return Err(cannot(what, path, why));
                }
            };
            return Err(already_running(holder, path));
        }
    }

    /// Writes the number of this process into a file that has just been taken.
    fn begin(file: File, path: PathBuf) -> Result<Claim, Error> {
        let claim = Claim::of(file, path);
        let Held { file, path, .. } = &*claim.0;
        write_number(file, std::process::id()).map_err(|why| cannot(CANNOT_WRITE, path, why))?;
        match locks::mark(file.as_fd()) {
            Some(false) => Err(already_running(None, path)),
            Some(true) | None => Ok(claim),
        }
    }

    /// Takes over, in the daemon, what its parent holds: from now on it is the daemon's.
    pub(crate) fn take_over(file: OwnedFd, path: PathBuf) -> Result<Claim, Error> {
        let claim = Claim::of(file.into(), path);
        let Held { file, path, .. } = &*claim.0;
        write_number(file, std::process::id()).map_err(|why| cannot(CANNOT_WRITE, path, why))?;
        Ok(claim)
    }

    fn of(file: File, path: PathBuf) -> Claim {
        let claim = Claim(Arc::new(Held { owner: process::own(), file, path }));
        held().push(Arc::clone(&claim.0));
        process::at_exit(give_up_all);
        claim
    }

    pub(crate) fn descriptor(&self) -> RawFd {
        self.0.file.as_raw_fd()
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0.path
    }

    /// Leaves it to the end of the process.
    pub(crate) fn keep(self) {
        mem::forget(self);
    }

    /// Leaves it to the daemon, which has it open as well.
    pub(crate) fn hand_over(self) {
        self.forget();
    }

    /// Makes the end of the process nothing special; whether it was.
    fn forget(&self) -> bool {
        let mut held = held();
        let before = held.len();
        held.retain(|held| !Arc::ptr_eq(held, &self.0));
        held.len() < before
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if self.forget() {
            self.0.give_up();
        }
    }
}

extern "C" fn give_up_all() {
    let all = mem::take(&mut *held());
    all.iter().for_each(|held| held.give_up());
}

impl Held {
    /// In the opposite order of the beginning. Nobody is left to hear of what cannot be done; the lock ends with the
    /// process.
    fn give_up(&self) {
        if self.owner != process::own() {
            return;
        }
        // A daemon whose start failed has done all this already, and somebody else may have it since.
        if !locks::try_lock(self.file.as_fd()).unwrap_or(false) {
            return;
        }
        locks::unmark(self.file.as_fd());
        let _ = self.file.set_len(0);
        if is_at(&self.file, &self.path) {
            // A daemon that has become another user may not, often.
            let _ = fs::remove_file(&self.path);
        }
        locks::unlock(self.file.as_fd());
    }
}

fn try_take(file: &File, path: &Path) -> Result<Try, (&'static str, io::Error)> {
    let check = |file| number_in(file).map_err(|why| (CANNOT_OPEN, why));
    // Not even locked if it is something else.
    check(file)?;
    if !locks::try_lock(file.as_fd()).map_err(|why| (CANNOT_LOCK, why))? {
        return Ok(look_at_holder(file));
    }
    if !is_at(file, path) {
        return Ok(Try::Replaced);
    }
    // Somebody may have written into it before it was locked.
    check(file)?;
    match locks::is_marked(file.as_fd()) {
        Some(true) => Ok(look_at_holder(file)),
        Some(false) | None => Ok(Try::Taken),
    }
}

fn look_at_holder(file: &File) -> Try {
    match number(file).map(|(number, pid)| (number, has_open(pid, file))) {
        Some((number, Some(true))) => Try::Held(number),
        // Who has set the mark has written the number before.
        Some((number, None)) if locks::is_marked(file.as_fd()) == Some(true) => Try::Held(number),
        _ => Try::Locked,
    }
}

/// The number in the file, unless it evidently is not that of the process that holds it.
fn possible_holder(file: &File) -> Option<u32> {
    number(file).filter(|&(_, pid)| has_open(pid, file) != Some(false)).map(|(number, _)| number)
}

fn number(file: &File) -> Option<(u32, Pid)> {
    let number = number_in(file).ok().flatten()?;
    Some((number, number.try_into().ok()?))
}

fn cannot(what: &str, path: &Path, why: io::Error) -> Error {
    Error::cannot_open(format!("{what} {}", path.display()), why)
}

fn already_running(holder: Option<u32>, path: &Path) -> Error {
    let path = path.display();
    let what = match holder {
        Some(holder) => format!("already running: process {holder} holds {path}"),
        None => format!("already running: {path} is locked"),
    };
    Error::new(ErrorKind::AlreadyRunning(holder), what)
}
