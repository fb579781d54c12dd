//! The files that standard output and standard error of a daemon go to.

use crate::error::Error;
use crate::opening::{self, Opened, Wanted};
use crate::stdio::Stream;
use crate::sys::fds;
use std::fs::{File, Permissions};
use std::io;
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::os::unix::fs::{PermissionsExt, fchown};
use std::path::{self, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

/// What a log file that is made may be used for, by whom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Creation {
    pub(crate) mode: u32,
    /// `None` for the one who makes it.
    pub(crate) user: Option<u32>,
    pub(crate) group: Option<u32>,
}

impl Creation {
    /// For the log files of a daemon with this umask.
    pub(crate) fn with_umask(umask: u32) -> Creation {
        Creation { mode: 0o640 & !umask, user: None, group: None }
    }
}

/// A log file: where it is, and for which streams.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) path: PathBuf,
    pub(crate) streams: Vec<Stream>,
}

/// An open log file.
#[derive(Debug)]
pub(crate) struct LogFile {
    pub(crate) place: Place,
    file: File,
}

/// What [`reopen_output`] opens.
struct Current {
    places: Vec<Place>,
    creation: Creation,
}

const CANNOT_OPEN: &str = "cannot open the log file";

static CURRENT: OnceLock<Current> = OnceLock::new();

/// Opens the files for standard output and standard error, in the parent.
pub(crate) fn open_all(paths: [Option<PathBuf>; 2], creation: Creation) -> Result<Vec<LogFile>, Error> {
    let open = |place: Place| match open(&place, creation) {
        Ok(file) => Ok(LogFile { place, file }),
        Err(why) => Err(cannot_open(&place.path, why)),
    };
    places(paths)?.into_iter().map(open).collect()
}

/// One place for paths that are equal.
fn places(paths: [Option<PathBuf>; 2]) -> Result<Vec<Place>, Error> {
    let mut places: Vec<Place> = Vec::new();
    for (stream, path) in Stream::BOTH.into_iter().zip(paths) {
        let Some(path) = path else { continue };
        // The daemon works elsewhere, and may have to open it again.
        let absolute = path::absolute(&path).map_err(|why| cannot_open(&path, why))?;
        match places.iter_mut().find(|place| place.path == absolute) {
            Some(place) => place.streams.push(stream),
            None => places.push(Place { path: absolute, streams: vec![stream] }),
        }
    }
    Ok(places)
}

fn cannot_open(path: &path::Path, why: io::Error) -> Error {
    Error::cannot_open(format!("{CANNOT_OPEN} {}", path.display()), why)
}

fn open(place: &Place, creation: Creation) -> io::Result<File> {
    let append = File::options().append(true).clone();
    let Opened { file, is_new } = opening::open(&place.path, &append, creation.mode, Wanted::LogFile)?;
    if is_new {
        file.set_permissions(Permissions::from_mode(creation.mode))?;
        if creation.user.is_some() || creation.group.is_some() {
            let cannot_give = |why: io::Error| {
                io::Error::new(why.kind(), format!("it cannot be made the user's or group's: {why}"))
            };
            fchown(&file, creation.user, creation.group).map_err(cannot_give)?;
        }
    }
    // Whether a terminal, say, may be waited for is the writer's own business from here on.
    fds::set_nonblocking(file.as_fd(), false)?;
    Ok(file)
}

impl LogFile {
    /// One that the parent has opened.
    pub(crate) fn inherit(place: Place, fd: RawFd) -> LogFile {
        LogFile { place, file: fds::adopt(fd).into() }
    }

    pub(crate) fn descriptor(&self) -> RawFd {
        self.file.as_raw_fd()
    }

    /// Refuses what is open as something else.
    pub(crate) fn check_is_not(&self, other: RawFd, what: &str) -> Result<(), Error> {
        let is_other = fds::identity(self.descriptor()).ok() == fds::identity(other).ok();
        if !is_other {
            return Ok(());
        }
        let why = io::Error::new(io::ErrorKind::InvalidInput, format!("it is {what}"));
        Err(cannot_open(&self.place.path, why))
    }

    fn put_in_place(&self) -> io::Result<()> {
        self.place
            .streams
            .iter()
            .try_for_each(|stream| fds::duplicate_over(self.descriptor(), stream.number()))
    }
}

/// Makes the daemon's streams those files, and remembers them.
pub(crate) fn put_in_place(files: Vec<LogFile>, creation: Creation) -> Result<(), Error> {
    let put = files.iter().try_for_each(LogFile::put_in_place);
    put.map_err(|why| Error::system("cannot print to the log file", why))?;
    let places = files.into_iter().map(|file| file.place).collect();
    // A daemon settles once.
    let _ = CURRENT.set(Current { places, creation });
    Ok(())
}

/// Opens the log files of the daemon again, by the paths of the options [`stdout`](crate::Options::stdout) and
/// [`stderr`](crate::Options::stderr), after somebody has renamed or removed them: what `logrotate` does before it
/// sends SIGHUP.
///
/// The new files take the places of the old ones when all of them are open: no line is lost, and none that Rust prints
/// is cut. For this it waits until no other thread has [`Stderr`](io::Stderr) locked, if that is a log file.
///
/// The rules for opening are those of the options. A daemon that has become another user opens them as that one: in a
/// directory where it may make none, `logrotate` has to (`create 0640 echod echod`), and a file that was there before
/// the daemon has to be that user's. Children that run keep the old files. Without log files, and in the foreground,
/// there is nothing to do.
///
/// # Errors
///
/// A file cannot be opened, or is not what it should be; the path is in the text. Everything stays as it was, with the
/// old files.
///
/// ```no_run
/// # use godaemon_rt as godaemon;
/// if let Err(error) = godaemon::reopen_output() {
///     eprintln!("the log stays where it is: {error}");
/// }
/// ```
pub fn reopen_output() -> io::Result<()> {
    static REOPENING: Mutex<()> = Mutex::new(());
    let Some(Current { places, creation }) = CURRENT.get() else { return Ok(()) };
    let streams = || places.iter().flat_map(|place| &place.streams);
    // A line that goes there in several pieces is not cut. (Of standard output a line goes in one.) This one first: the
    // caller may have it already.
    let _printing = streams().any(|&stream| stream == Stream::Error).then(|| io::stderr().lock());
    // Of two calls at once the second finds what the first has done.
    let _reopening = REOPENING.lock().unwrap_or_else(PoisonError::into_inner);
    let open = |place: &Place| match open(place, *creation) {
        Ok(file) => Ok(LogFile { place: place.clone(), file }),
        Err(why) => {
            let what = format!("{CANNOT_OPEN} {}: {why}", place.path.display());
            Err(io::Error::new(why.kind(), what))
        }
    };
    let files = places.iter().map(open).collect::<io::Result<Vec<_>>>()?;
    let keep = |stream: &Stream| fds::duplicate(stream.number()).map(|old| (*stream, old));
    let old = streams().map(keep).collect::<io::Result<Vec<_>>>().map_err(cannot_change)?;
    files.iter().try_for_each(LogFile::put_in_place).map_err(|why| {
        for (stream, old) in &old {
            // One of the two has been changed, or none. If it cannot be undone it is told all the same.
            let _ = fds::duplicate_over(old.as_raw_fd(), stream.number());
        }
        cannot_change(why)
    })
}

fn cannot_change(why: io::Error) -> io::Error {
    io::Error::new(why.kind(), format!("cannot change to the new log files: {why}"))
}
