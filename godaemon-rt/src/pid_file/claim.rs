//! Having a pid file: the parent takes it, the daemon keeps it, and whichever of them fails or ends gives it up.

use super::{PATIENCE, PAUSE, check, has_open, number_in, write_number};
use crate::error::{Error, ErrorKind};
use crate::opening::{self, Opened, Wanted, is_at};
use crate::sys::locks;
use crate::sys::process::{self, Pid};
use std::fs::{self, File, Permissions};
use std::io;
use std::mem;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::os::unix::fs::PermissionsExt;
use std::path::{self, Path, PathBuf};
use std::sync::atomic::{AtomicI32, Ordering};
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
    /// [`Held::give_up`]: a program without a pid file does without it.
    give_up: fn(&Held),
}

/// The process whose end gives them up.
static OWNER: AtomicI32 = AtomicI32::new(NOBODY);

/// No process has this number.
const NOBODY: Pid = 0;

/// What to give up at the end of the process.
static HELD: Mutex<Vec<Arc<Held>>> = Mutex::new(Vec::new());

fn held() -> MutexGuard<'static, Vec<Arc<Held>>> {
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How a try to take a file went.
enum Try {
    Taken(Claim),
    /// This process has it.
    Held(Pid),
    /// Somebody has it, who is about to say who it is, or about to end. Or neither, and is not of our kind: it may be
    /// the process that the file names.
    Locked(Option<Pid>),
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
            match Claim::try_to_take(path, &absolute)? {
                Try::Taken(claim) => return Ok(claim),
                Try::Held(holder) => return Err(already_running(Some(holder), path)),
                Try::Locked(holder) if Instant::now() >= deadline => {
                    return Err(already_running(holder, path));
                }
                Try::Locked(_) => thread::sleep(PAUSE),
                Try::Replaced if replacements.next().is_some() => {}
                Try::Replaced => {
                    let why = io::Error::other("another process replaces it all the time");
                    return Err(cannot(CANNOT_OPEN, path, why));
                }
            }
        }
    }

    fn try_to_take(path: &Path, absolute: &Path) -> Result<Try, Error> {
        let access = File::options().read(true).write(true).clone();
        let opened = opening::open(absolute, &access, MODE, Wanted::RegularFile);
        let Opened { file, is_new } = opened.map_err(|why| cannot(CANNOT_OPEN, path, why))?;
        let failed = |(what, why)| {
            if is_new {
                remove_unused(&file, absolute);
            }
            cannot(what, path, why)
        };
        if is_new {
            let permissions = Permissions::from_mode(MODE);
            file.set_permissions(permissions).map_err(|why| failed((CANNOT_OPEN, why)))?;
        }
        if let Some(other) = lock(&file, absolute).map_err(failed)? {
            return Ok(other);
        }
        let claim = Claim::begin(file, path, absolute)?;
        // From here on nobody else has a reason to remove it: there is a number in it.
        Ok(if is_at(&claim.0.file, absolute) { Try::Taken(claim) } else { Try::Replaced })
    }

    /// Writes the number of this process into a file that has just been locked.
    fn begin(file: File, path: &Path, absolute: &Path) -> Result<Claim, Error> {
        let claim = Claim::of(file, absolute.to_owned());
        let file = &claim.0.file;
        write_number(file).map_err(|why| cannot(CANNOT_WRITE, path, why))?;
        match locks::mark(file.as_fd()).map_err(|why| cannot(CANNOT_LOCK, path, why))? {
            Some(true) | None => Ok(claim),
            Some(false) => {
                // Just now somebody who knows nothing of the first lock has taken it.
                claim.forget();
                Err(already_running(None, path))
            }
        }
    }

    /// Takes over, in the daemon, what its parent holds: from now on it is the daemon's.
    pub(crate) fn take_over(file: OwnedFd, path: PathBuf) -> Result<Claim, Error> {
        let claim = Claim::of(file.into(), path);
        let Held { file, path, .. } = &*claim.0;
        write_number(file).map_err(|why| cannot(CANNOT_WRITE, path, why))?;
        Ok(claim)
    }

    fn of(file: File, path: PathBuf) -> Claim {
        let claim = Claim(Arc::new(Held { owner: process::own(), file, path, give_up: Held::give_up }));
        claim.take_back();
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

    /// Leaves it to others who have it open: neither the end of this process nor that of the claim is its end. False if
    /// it has been given up: this process is ending.
    #[must_use]
    pub(crate) fn share(&self) -> bool {
        self.forget()
    }

    /// The opposite, when those others are gone.
    pub(crate) fn take_back(&self) {
        OWNER.store(self.0.owner, Ordering::Release);
        held().push(Arc::clone(&self.0));
    }

    /// Whether the end was this claim's.
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
            (self.0.give_up)(&self.0);
        }
    }
}

/// At the end of the process.
pub(crate) fn give_up_all() {
    let owner = OWNER.load(Ordering::Acquire);
    // A child that was forked has no claims, and another thread may have had the list when it was.
    if owner != NOBODY && owner == process::own() {
        let all = mem::take(&mut *held());
        all.iter().for_each(|held| (held.give_up)(held));
    }
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

/// Removes a file that was made, and that nobody has come to use. Where it cannot be locked at all, by nobody, it is
/// enough that it is empty.
fn remove_unused(file: &File, path: &Path) {
    let is_free = locks::try_lock(file.as_fd()).unwrap_or(true);
    if is_free && is_at(file, path) && file.metadata().is_ok_and(|metadata| metadata.len() == 0) {
        let _ = fs::remove_file(path);
    }
}

/// Locks a file; what is in the way if it cannot be this one.
fn lock(file: &File, path: &Path) -> Result<Option<Try>, (&'static str, io::Error)> {
    // Not even locked if it is something else.
    number_in(file).map_err(|why| (CANNOT_OPEN, why))?;
    if !locks::try_lock(file.as_fd()).map_err(|why| (CANNOT_LOCK, why))? {
        return look_at_holder(file).map(Some);
    }
    if !is_at(file, path) {
        return Ok(Some(Try::Replaced));
    }
    // Somebody may have written into it before it was locked.
    check(file).map_err(|why| (CANNOT_OPEN, why))?;
    match locks::is_unmarkable(file.as_fd()).map_err(|why| (CANNOT_LOCK, why))? {
        Some(true) => look_at_holder(file).map(Some),
        Some(false) | None => Ok(None),
    }
}

fn look_at_holder(file: &File) -> Result<Try, (&'static str, io::Error)> {
    let marked = locks::is_marked(file.as_fd()).map_err(|why| (CANNOT_LOCK, why))?;
    let pid = number_in(file).ok().flatten();
    Ok(match pid.map(|pid| (pid, has_open(pid, file))) {
        Some((pid, Some(true))) => Try::Held(pid),
        // Who has set the mark has written the number before.
        Some((pid, None)) if marked == Some(true) => Try::Held(pid),
        Some((pid, None)) => Try::Locked(Some(pid)),
        Some((_, Some(false))) | None => Try::Locked(None),
    })
}

fn cannot(what: &str, path: &Path, why: io::Error) -> Error {
    Error::cannot_open(format!("{what} {}", path.display()), why)
}

fn already_running(holder: Option<Pid>, path: &Path) -> Error {
    let path = path.display();
    let holder = holder.map(Pid::unsigned_abs);
    let what = match holder {
        Some(holder) => format!("already running: process {holder} holds {path}"),
        None => format!("already running: {path} is locked"),
    };
    Error::new(ErrorKind::AlreadyRunning(holder), what)
}
