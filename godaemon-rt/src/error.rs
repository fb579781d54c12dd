//! Why a start failed: what was being done, on what, and why.

use crate::channel::Reason;
use crate::inherit::{HandedOn, Inherit};
use crate::stage::Stage;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

/// Why a start failed, in whichever of the three processes.
///
/// `Display` says what was being done and, for a later process, in which one; [`source`](StdError::source) says why,
/// and never repeats it. `{:#}` gives both, with every cause, in one line:
///
/// ```
/// # use godaemon_rt as godaemon;
/// let error = godaemon::read_link("/no/such/link").unwrap_err();
/// assert_eq!(error.to_string(), "readlink /no/such/link");
/// assert_eq!(format!("{error:#}"), "readlink /no/such/link: No such file or directory (os error 2)");
/// ```
///
#[doc = include_str!("errors.md")]
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    stage: Stage,
    what: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
    files: Vec<HandedOn>,
}

/// What kind of failure an [`Error`] is; each has an [exit status](Error::exit_code).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An expression of the options failed: exit status 1.
    Expression,
    /// The daemon called [`Ready::fail`](crate::Ready::fail): exit status 1.
    Failed,
    /// The process is a daemon already, or acts as one: exit status 64.
    AlreadyDaemon,
    /// The value of an option is out of range: exit status 64.
    OutOfRange,
    /// There is no such user, or none that says enough: exit status 67.
    NoSuchUser,
    /// There is no such group: exit status 67.
    NoSuchGroup,
    /// The [pid file](crate::Options::pid_file) is locked, by this process if that can be told: exit status 69.
    AlreadyRunning(Option<u32>),
    /// The daemon panicked before it was ready: exit status 70.
    Panicked,
    /// The daemon let go of [`Ready`](crate::Ready) unused, or never called `daemonize`: exit status 70.
    NotReady,
    /// A system call failed, the first child was killed, or the stage cannot be told: exit status 71.
    System,
    /// The pid file or a log file cannot be opened, or is not what it should be: exit status 73.
    CannotOpen,
    /// The daemon was not ready within [`start_timeout`](crate::Options::start_timeout), and was ended: exit status 75.
    TimedOut,
    /// This process may not become the [`user`](crate::Options::user) or [`group`](crate::Options::group): exit status
    /// 77.
    NotPermitted,
    /// The program's file gives it privileges, so it does not become a daemon: exit status 77.
    Privileged,
    /// The daemon ended with this status before it was ready: the same exit status.
    Ended(u8),
    /// The daemon was killed by this signal before it was ready: exit status 128 and the signal's number.
    Killed(i32),
}

/// The kinds that have no number of their own; on the way through the channel each is its place in this list.
const PLAIN: [ErrorKind; 13] = [
    ErrorKind::Expression,
    ErrorKind::Failed,
    ErrorKind::AlreadyDaemon,
    ErrorKind::OutOfRange,
    ErrorKind::NoSuchUser,
    ErrorKind::NoSuchGroup,
    ErrorKind::Panicked,
    ErrorKind::NotReady,
    ErrorKind::System,
    ErrorKind::CannotOpen,
    ErrorKind::TimedOut,
    ErrorKind::NotPermitted,
    ErrorKind::Privileged,
];

impl ErrorKind {
    /// Two numbers for the way through the channel.
    pub(crate) fn to_numbers(self) -> (u8, i32) {
        match self {
            // No process has the number 0.
            ErrorKind::AlreadyRunning(holder) => (253, holder.unwrap_or(0).cast_signed()),
            ErrorKind::Ended(status) => (254, status.into()),
            ErrorKind::Killed(signal) => (255, signal),
            plain => {
                ((0..).zip(PLAIN).find(|(_, kind)| *kind == plain).map_or(u8::MAX, |(place, _)| place), 0)
            }
        }
    }

    /// The kind that has these numbers.
    pub(crate) fn from_numbers(kind: u8, detail: i32) -> Option<ErrorKind> {
        match kind {
            253 => {
                Some(ErrorKind::AlreadyRunning(Some(detail.cast_unsigned()).filter(|&holder| holder != 0)))
            }
            254 => u8::try_from(detail).ok().map(ErrorKind::Ended),
            255 => Some(ErrorKind::Killed(detail)),
            place => PLAIN.get(usize::from(place)).copied().filter(|_| detail == 0),
        }
    }
}

impl Error {
    #[cold]
    pub(crate) fn new(kind: ErrorKind, what: impl Into<String>) -> Error {
        let (stage, what) = (Stage::Parent, what.into());
        Error(Box::new(Inner { kind, stage, what, source: None, files: Vec::new() }))
    }

    /// A name that C has no way to write.
    pub(crate) fn zero_byte(option: &str) -> Error {
        Error::new(ErrorKind::OutOfRange, format!("{option}: there is a zero byte in it"))
    }

    /// A file that cannot be opened, or is not what it should be.
    #[cold]
    pub(crate) fn cannot_open(what: impl Into<String>, why: std::io::Error) -> Error {
        Error::new(ErrorKind::CannotOpen, what).because(why)
    }

    /// A system call that failed.
    #[cold]
    pub(crate) fn system(what: impl Into<String>, why: std::io::Error) -> Error {
        Error::new(ErrorKind::System, what).because(why)
    }

    /// A user's error, which may not be sent between threads: its texts.
    pub(crate) fn expression(what: &str, why: &dyn StdError) -> Error {
        let texts = std::iter::once(what.to_owned()).chain(texts(why)).collect();
        Error::from_reason(Stage::Parent, Reason { kind: ErrorKind::Expression, texts })
    }

    #[cold]
    pub(crate) fn from_reason(stage: Stage, reason: Reason) -> Error {
        let mut texts: Vec<String> = Vec::new();
        for text in reason.texts {
            // Many errors repeat their source in their own text.
            if !texts.last().is_some_and(|last| last.ends_with(&text)) {
                texts.push(text);
            }
        }
        let mut texts = texts.into_iter();
        let mut what = texts.next().unwrap_or_default();
        // An error of this library that `main` returned says where it was already.
        if let Some(rest) = what.strip_prefix(&format!("{stage}: ")) {
            what = rest.to_owned();
        }
        let mut error = Error::new(reason.kind, what).at(stage);
        error.0.source = Cause::chain(texts).map(|cause| Box::new(cause) as _);
        error
    }

    pub(crate) fn because(mut self, why: impl StdError + Send + Sync + 'static) -> Error {
        self.0.source = Some(Box::new(why));
        self
    }

    pub(crate) fn with_kind(mut self, kind: ErrorKind) -> Error {
        self.0.kind = kind;
        self
    }

    pub(crate) fn at(mut self, stage: Stage) -> Error {
        self.0.stage = stage;
        self
    }

    pub(crate) fn with_files(mut self, files: Vec<HandedOn>) -> Error {
        self.0.files.extend(files);
        self
    }

    /// What the daemon tells its parent.
    pub(crate) fn reason(&self) -> Reason {
        let mut texts = vec![self.0.what.clone()];
        texts.extend(causes(self.source()).map(ToString::to_string));
        Reason { kind: self.0.kind, texts }
    }

    /// What kind of failure it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The process in which the start failed.
    #[must_use]
    pub fn stage(&self) -> Stage {
        self.0.stage
    }

    /// The status with which the parent of such a start exits; those above 63 are from `sysexits.h`.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self.0.kind {
            ErrorKind::Expression | ErrorKind::Failed => 1,
            ErrorKind::AlreadyDaemon | ErrorKind::OutOfRange => 64,
            ErrorKind::NoSuchUser | ErrorKind::NoSuchGroup => 67,
            ErrorKind::AlreadyRunning(_) => 69,
            ErrorKind::Panicked | ErrorKind::NotReady => 70,
            ErrorKind::System => 71,
            ErrorKind::CannotOpen => 73,
            ErrorKind::TimedOut => 75,
            ErrorKind::NotPermitted | ErrorKind::Privileged => 77,
            ErrorKind::Ended(status) => status,
            ErrorKind::Killed(signal) => u8::try_from(signal).unwrap_or(0).saturating_add(128),
        }
    }

    /// Takes back a file that had been handed in, still open and locked: the start failed, and the program may go on
    /// without being a daemon. `None` if there is no such file, or not of this type.
    #[must_use]
    pub fn take_file<T: Inherit>(&mut self, name: &str) -> Option<T> {
        crate::inherit::take(&mut self.0.files, name).ok()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.stage != Stage::Parent {
            write!(f, "{}: ", self.0.stage)?;
        }
        f.write_str(&self.0.what)?;
        if f.alternate() {
            for cause in causes(self.source()) {
                write!(f, ": {cause}")?;
            }
        }
        Ok(())
    }
}

/// As `{:#}` shows it, with the kind: this is what a `main` that returns the error prints.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:#} ({:?})", self.0.kind)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

fn causes<'a>(
    first: Option<&'a (dyn StdError + 'static)>,
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(first, |&cause| cause.source())
}

/// The texts of an error and its causes.
pub(crate) fn texts(error: &dyn StdError) -> Vec<String> {
    std::iter::once(error.to_string()).chain(causes(error.source()).map(ToString::to_string)).collect()
}

/// A time as messages tell it, in seconds: `30`, `1.5`, `0.25`. (What std has for floating point would be more code than
/// the stage machine.)
pub(crate) struct Seconds(pub(crate) Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.as_secs())?;
        match self.0.subsec_nanos() {
            0 => Ok(()),
            nanos => write!(f, ".{}", format!("{nanos:09}").trim_end_matches('0')),
        }
    }
}

/// A cause of which only the text is left: it came from another process, or was not [`Send`].
#[derive(Debug)]
struct Cause {
    text: String,
    source: Option<Box<Cause>>,
}

impl Cause {
    fn chain(mut texts: impl Iterator<Item = String>) -> Option<Cause> {
        let text = texts.next()?;
        let mut rest: Vec<String> = texts.collect();
        let mut source = None;
        while let Some(text) = rest.pop() {
            source = Some(Box::new(Cause { text, source }));
        }
        Some(Cause { text, source })
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl StdError for Cause {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds() -> impl Iterator<Item = ErrorKind> {
        let others = [ErrorKind::AlreadyRunning(Some(4711)), ErrorKind::Ended(42), ErrorKind::Killed(11)];
        PLAIN.into_iter().chain(others)
    }

    #[test]
    fn a_time_is_told_in_seconds() {
        let told = |micros| Seconds(Duration::from_micros(micros)).to_string();
        assert_eq!([0, 1, 50_000, 1_500_000, 30_000_000].map(told), ["0", "0.000001", "0.05", "1.5", "30"]);
    }

    #[test]
    fn kinds_travel() {
        for kind in kinds() {
            let (number, detail) = kind.to_numbers();
            assert_eq!(ErrorKind::from_numbers(number, detail), Some(kind));
        }
        let unknown = ErrorKind::AlreadyRunning(None).to_numbers();
        assert_eq!(ErrorKind::from_numbers(unknown.0, unknown.1), Some(ErrorKind::AlreadyRunning(None)));
        assert_eq!(ErrorKind::from_numbers(254, 256), None);
        assert_eq!(ErrorKind::from_numbers(99, 0), None);
    }

    #[test]
    fn statuses_are_those_of_the_table() {
        let statuses: Vec<u8> = kinds().map(|kind| Error::new(kind, "").exit_code()).collect();
        assert_eq!(statuses, [1, 1, 64, 64, 67, 67, 70, 70, 71, 73, 75, 77, 77, 69, 42, 139]);
    }

    #[test]
    fn documented_statuses_are_those_of_the_kinds() {
        let mut undocumented: Vec<_> = kinds().collect();
        for row in include_str!("errors.md").lines().filter(|line| line.starts_with("| `")) {
            let cells: Vec<_> = row.split('|').map(str::trim).collect();
            let [_, _message, kind, status, ..] = cells[..] else { panic!("not a row: {row}") };
            if kind.is_empty() {
                // The process ends without an error.
                continue;
            }
            let is_meant =
                |known: &ErrorKind| format!("{known:?}").split('(').next() == Some(kind.trim_matches('`'));
            let known = kinds().find(is_meant).unwrap_or_else(|| panic!("there is no such kind: {row}"));
            let expected = match known {
                ErrorKind::Ended(_) => "the daemon's".to_owned(),
                ErrorKind::Killed(_) => "128 + N".to_owned(),
                known => Error::new(known, "").exit_code().to_string(),
            };
            assert_eq!(status, expected, "{row}");
            undocumented.retain(|other| *other != known);
        }
        assert_eq!(undocumented, []);
    }

    #[test]
    fn causes_are_said_once() {
        let reason = |texts: &[&str]| Reason {
            kind: ErrorKind::System,
            texts: texts.iter().map(ToString::to_string).collect(),
        };
        let error = Error::from_reason(Stage::Daemon, reason(&["what", "why: deeper", "deeper", "deepest"]));
        assert_eq!(error.to_string(), "daemon: what");
        assert_eq!(format!("{error:#}"), "daemon: what: why: deeper: deepest");
        assert_eq!(error.reason(), reason(&["what", "why: deeper", "deepest"]));
        let error = Error::from_reason(Stage::Daemon, reason(&["daemon: what"]));
        assert_eq!(error.to_string(), "daemon: what");
    }

    #[test]
    fn error_is_send_and_sync() {
        fn check<T: Send + Sync + 'static>() {}
        check::<Error>();
    }
}
