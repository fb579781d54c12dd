//! What a program asks for: the builder, and the traits of its arguments.

use crate::error::Error;
use crate::identity::Id;
use crate::inherit::{HandedOn, Inherit};
use crate::parts::Parts;
use crate::stage::daemon::{Daemon, Newcomer};
use crate::stage::parent::{self, Outcome, Plan};
use crate::stage::{self, Role};
use std::error::Error as StdError;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How to become a daemon; `#[godaemon::main]` writes calls of this.
///
/// Code before [`daemonize`](Options::daemonize) runs twice, in the parent and in the daemon. What is to be done once
/// belongs into the closure of [`file_with`](Options::file_with), or behind the call.
///
/// ```no_run
/// # use godaemon_rt as godaemon;
/// use godaemon::Options;
/// use std::net::TcpListener;
///
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let mut daemon = Options::new()
///         .file_with("listener", || TcpListener::bind("127.0.0.1:7000"))
///         .on_ready(|pid| println!("process {pid} listens"))
///         .daemonize()?;
///     let listener: TcpListener = daemon.take_file("listener")?;
///     for connection in listener.incoming() {
/// #       drop(connection);
///     }
///     Ok(())
/// }
/// ```
#[must_use = "nothing happens before `daemonize` or `start`"]
pub struct Options {
    pub(crate) capture_output: bool,
    pub(crate) wait_for_ready: bool,
    pub(crate) foreground: bool,
    pub(crate) program_name: Option<OsString>,
    pub(crate) pid_file: Option<PathBuf>,
    pub(crate) stdout: Option<PathBuf>,
    pub(crate) stderr: Option<PathBuf>,
    pub(crate) working_dir: Option<PathBuf>,
    pub(crate) umask: u32,
    pub(crate) user: Option<Id>,
    pub(crate) group: Option<Id>,
    pub(crate) start_timeout: Option<Duration>,
    pub(crate) on_ready: Option<Box<dyn FnOnce(u32)>>,
    files: Vec<File>,
}

/// A file that is open, or that the parent will open.
enum File {
    Open { name: String, file: io::Result<HandedOn> },
    Later { name: String, open: Box<Opener> },
}

type Opener = dyn FnOnce(&str) -> Result<io::Result<HandedOn>, Box<dyn StdError>>;

/// What [`Options::start`] returns, in each of the two processes that come back from it.
#[derive(Debug)]
#[must_use = "the daemon's files and readers are closed when it is dropped"]
pub enum Started {
    /// This is the parent, and the daemon with this number is up.
    Parent(u32),
    /// This is the daemon, or a process in the foreground that acts as one.
    Daemon(Daemon),
}

impl Default for Options {
    fn default() -> Options {
        Options {
            capture_output: false,
            wait_for_ready: false,
            foreground: false,
            program_name: None,
            pid_file: None,
            stdout: None,
            stderr: None,
            working_dir: None,
            umask: 0o022,
            user: None,
            group: None,
            start_timeout: None,
            on_ready: None,
            files: Vec::new(),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files = self.files.iter().map(|file| match file {
            File::Open { name, .. } | File::Later { name, .. } => name,
        });
        f.debug_struct("Options")
            .field("capture_output", &self.capture_output)
            .field("wait_for_ready", &self.wait_for_ready)
            .field("foreground", &self.foreground)
            .field("program_name", &self.program_name)
            .field("pid_file", &self.pid_file)
            .field("stdout", &self.stdout)
            .field("stderr", &self.stderr)
            .field("working_dir", &self.working_dir)
            .field("umask", &format_args!("{:#o}", self.umask))
            .field("user", &self.user)
            .field("group", &self.group)
            .field("start_timeout", &self.start_timeout)
            .field("files", &files.collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl Options {
    /// The defaults.
    pub fn new() -> Options {
        Options::default()
    }

    /// Captures what the daemon and its children write to standard output and standard error: each comes out of its
    /// own [`Reader`](crate::Reader).
    pub fn capture_output(mut self) -> Options {
        self.capture_output = true;
        self
    }

    /// Makes the parent wait until the daemon says by [`Ready::notify`](crate::Ready::notify) that it is up.
    ///
    /// A program without the attribute says by [`Ready::fail`](crate::Ready::fail) why it never will be: what its
    /// `main` returns reaches the terminal only as what std prints, and not at all with captured output.
    pub fn wait_for_ready(mut self) -> Options {
        self.wait_for_ready = true;
        self
    }

    /// Hands an open file on to the daemon, which takes it by this name; what is locked by `flock(2)` stays locked
    /// all the way.
    ///
    /// The statement that opens it runs in the daemon as well, where the value is dropped: prefer
    /// [`file_with`](Options::file_with).
    pub fn file(mut self, name: &str, value: impl Inherit) -> Options {
        self.files.push(File::Open { name: name.to_owned(), file: HandedOn::new(name, value) });
        self
    }

    /// Opens a file in the parent, and nowhere else, and hands it on to the daemon, which takes it by this name.
    /// Files are opened in their order, when everything else about the options is known to be right.
    ///
    /// Locks survive if they belong to the open file, as those of `flock(2)` and [`std::fs::File::lock`] do; record
    /// locks of `fcntl(2)` belong to the process, and end with the parent.
    ///
    /// A terminal can be handed on, and should not be: the result is not strictly a daemon.
    ///
    /// The closure keeps what it uses until it is called:
    ///
    /// ```no_run
    /// # use godaemon_rt as godaemon;
    /// # use std::net::{SocketAddr, TcpListener};
    /// fn serve(address: SocketAddr) -> Result<godaemon::Daemon, godaemon::Error> {
    ///     godaemon::Options::new().file_with("listener", move || TcpListener::bind(address)).daemonize()
    /// }
    /// ```
    pub fn file_with<T: Inherit, E: Into<Box<dyn StdError>>>(
        mut self,
        name: &str,
        open: impl FnOnce() -> Result<T, E> + 'static,
    ) -> Options {
        let open = Box::new(|name: &str| open().map(|value| HandedOn::new(name, value)).map_err(Into::into));
        self.files.push(File::Later { name: name.to_owned(), open });
        self
    }

    /// Stays in the foreground if `yes`: this process acts as the daemon. If not, [`supervised`](crate::supervised)
    /// decides.
    ///
    /// In the foreground `capture_output`, `program_name`, `stdout`, `stderr`, `working_dir`, `umask`, `start_timeout`
    /// and `on_ready` have no effect, but that `program_name` is the name in messages. The pid file, `user` and `group`
    /// are as in a daemon.
    pub fn foreground(mut self, yes: bool) -> Options {
        self.foreground = yes;
        self
    }

    /// The daemon's first argument, and its name in `ps` and in messages. An empty name counts as none; the default
    /// is the program's own first argument.
    pub fn program_name(mut self, name: impl IntoName) -> Options {
        self.program_name = name.into_name();
        self
    }

    /// The daemon's pid file; without one if there is no path. A relative path is relative to the parent's current
    /// directory.
    ///
    /// It keeps a second instance away: it is locked by the parent before anything else is opened, and by the daemon
    /// until its end, without a moment in between. A start that finds it locked fails with
    /// [`AlreadyRunning`](crate::ErrorKind::AlreadyRunning), after 0.2 seconds if it cannot be told by whom. It holds the
    /// number of the daemon's process when the parent says that the daemon is up, and before that the parent's.
    ///
    /// The file is made with mode `0644`, if it is not there. What is there has to be a regular file, no link, with a
    /// number or nothing in it: everything else is left as it is, and the start fails with
    /// [`CannotOpen`](crate::ErrorKind::CannotOpen).
    ///
    /// When the process ends by a return from `main`, a panic of it, or [`std::process::exit`], the file is emptied,
    /// and removed if the daemon is allowed to. A daemon that a signal ends, SIGTERM without a handler or an abort, leaves
    /// it behind: unlocked, so that it says to nobody that the daemon runs. Other processes use the file through
    /// [`PidFile`](crate::PidFile).
    ///
    /// ```no_run
    /// # use godaemon_rt as godaemon;
    /// let daemon = godaemon::Options::new().pid_file("/run/echod.pid").daemonize()?;
    /// # drop(daemon);
    /// # Ok::<(), godaemon::Error>(())
    /// ```
    pub fn pid_file(mut self, path: impl IntoPath) -> Options {
        self.pid_file = path.into_path();
        self
    }

    /// The file to which standard output of the daemon and its children goes, from when the daemon settles; the null
    /// device if there is no path. A relative path is relative to the parent's current directory.
    ///
    /// The parent opens it for appending, with its own rights; one that is not there is made, with the permissions
    /// `0640` without those of the [`umask`](Options::umask), and for the [`user`](Options::user) and
    /// [`group`](Options::group) of the daemon. Owner and permissions of one that is there are left alone. It has to
    /// be a regular file, for root one that has no second name, or a character device, and no link: everything else
    /// makes the start fail with [`CannotOpen`](crate::ErrorKind::CannotOpen).
    ///
    /// With the same path for [`stderr`](Options::stderr) it is one open file for both. After a rotation
    /// [`reopen_output`](crate::reopen_output) opens it again. It cannot go with
    /// [`capture_output`](Options::capture_output), which takes both streams
    /// ([`OutOfRange`](crate::ErrorKind::OutOfRange)).
    ///
    /// ```no_run
    /// # use godaemon_rt as godaemon;
    /// let options = godaemon::Options::new().stdout("/var/log/echod.log").stderr("/var/log/echod.log");
    /// # drop(options);
    /// ```
    pub fn stdout(mut self, path: impl IntoPath) -> Options {
        self.stdout = path.into_path();
        self
    }

    /// The file to which standard error of the daemon and its children goes; see [`stdout`](Options::stdout). Panics
    /// and errors before the daemon is up go there and to the terminal.
    pub fn stderr(mut self, path: impl IntoPath) -> Options {
        self.stderr = path.into_path();
        self
    }

    /// The directory that the daemon works in; the default is `/`. A relative path is relative to the parent's. One
    /// that cannot be entered makes the start fail in the parent, with [`System`](crate::ErrorKind::System).
    pub fn working_dir(mut self, path: impl IntoPath) -> Options {
        self.working_dir = path.into_path();
        self
    }

    /// The permissions that files which the daemon makes do not get, as in `umask(2)`: at most `0o777`; the default
    /// is `0o022`. A larger one makes the start fail with [`OutOfRange`](crate::ErrorKind::OutOfRange).
    pub fn umask(mut self, mask: u32) -> Options {
        self.umask = mask;
        self
    }

    /// The user that the daemon is to be, by name or number; unchanged if there is none. It is looked up in the parent:
    /// one that is unknown makes the start fail with [`NoSuchUser`](crate::ErrorKind::NoSuchUser).
    ///
    /// The pid file, the log files and all [`files`](Options::file_with) are opened in the parent, with its rights.
    /// When the daemon settles it takes the supplementary groups of the user, the [`group`](Options::group), or the
    /// user's own without that option, and then becomes the user; real, effective and saved. It makes sure
    /// that nothing of this can be undone, or the start fails. `HOME`, `USER` and `LOGNAME` become those of the user.
    ///
    /// A process that is all this already stays as it is. Any other has to be root, or the start fails with
    /// [`NotPermitted`](crate::ErrorKind::NotPermitted). (Root without `CAP_KILL` can become another user, but not end
    /// that user's daemon: such a start can be neither interrupted nor limited in time.) A number that is in no user
    /// database is allowed with a group; then `HOME` becomes `/`, and `USER` and `LOGNAME` are taken out.
    ///
    /// ```no_run
    /// # use godaemon_rt as godaemon;
    /// use std::net::TcpListener;
    ///
    /// // Only root may listen there.
    /// let mut daemon = godaemon::Options::new()
    ///     .user("nobody")
    ///     .file_with("listener", || TcpListener::bind("0.0.0.0:79"))
    ///     .daemonize()?;
    /// # drop(daemon);
    /// # Ok::<(), godaemon::Error>(())
    /// ```
    pub fn user(mut self, user: impl IntoId) -> Options {
        self.user = user.into_id();
        self
    }

    /// The group that the daemon is to have, by name or number, instead of the [`user`](Options::user)'s own. Without
    /// a user it becomes the only supplementary group as well. One that is unknown makes the start fail with
    /// [`NoSuchGroup`](crate::ErrorKind::NoSuchGroup).
    pub fn group(mut self, group: impl IntoId) -> Options {
        self.group = group.into_id();
        self
    }

    /// How long the daemon may take until it is up, from the moment at which the parent starts the first child; without
    /// a limit if there is none. Then it is ended, by SIGTERM and after a second by SIGKILL, and the start has failed
    /// with [`TimedOut`](crate::ErrorKind::TimedOut). What the parent itself does before, opening files for example,
    /// does not count; the daemon's own code before `daemonize` does. Zero is no time at all, and one too long for the
    /// system's clock is no limit. A parent that somebody has stopped ends nothing before it is continued.
    ///
    /// ```no_run
    /// # use godaemon_rt as godaemon;
    /// use std::time::Duration;
    ///
    /// let options = godaemon::Options::new().wait_for_ready().start_timeout(Duration::from_secs(30));
    /// # drop(options);
    /// ```
    pub fn start_timeout(mut self, timeout: impl IntoTimeout) -> Options {
        self.start_timeout = timeout.into_timeout();
        self
    }

    /// Calls `f` with the daemon's process number, in the parent, once the daemon is up. All signals are blocked
    /// meanwhile. A panic in `f` prints its text and changes nothing: the start has happened.
    pub fn on_ready(mut self, f: impl FnOnce(u32) + 'static) -> Options {
        self.on_ready = Some(Box::new(f));
        self
    }

    /// Becomes a daemon. Returns in the daemon only, or in the foreground: the parent exits with 0 when the daemon is
    /// up, or returns the error.
    ///
    /// # Errors
    ///
    /// Whatever made the start fail, in whichever process; [`ErrorKind`](crate::ErrorKind) has the list. The files
    /// are in the error, and the process may go on without being a daemon. A second call in a process that is a
    /// daemon, or acts as one, is [`AlreadyDaemon`](crate::ErrorKind::AlreadyDaemon).
    ///
    /// # Threads
    ///
    /// Both processes may have any number of threads. Call it on the first one: in the daemon all signals are blocked
    /// until it is called, and threads that were started before keep that mask, so that it is this one that signals
    /// reach. A signal that another thread of the parent receives while the daemon is being confirmed can end the
    /// parent although the daemon runs.
    pub fn daemonize(self) -> Result<Daemon, Error> {
        match self.carry_out()? {
            // Signals stay blocked: the daemon is up, and this process says nothing else.
            Outcome::Up { .. } => std::process::exit(0),
            Outcome::Acting(daemon) => Ok(daemon),
        }
    }

    /// As [`daemonize`](Options::daemonize), for a parent that goes on. It keeps nothing of the daemon: no zombie,
    /// and no descriptor.
    ///
    /// **A daemon is what comes out of the first call that it reaches**, whichever call of the parent started it. A
    /// program that starts several kinds does so by one call, and gives each kind a file of its own name: which one
    /// [`take_file`](Daemon::take_file) finds tells the daemon what it is.
    ///
    /// # Errors
    ///
    /// As [`daemonize`](Options::daemonize).
    ///
    /// ```no_run
    /// # use godaemon_rt as godaemon;
    /// use godaemon::{Options, Started};
    ///
    /// match Options::new().start()? {
    ///     Started::Parent(pid) => println!("started {pid}"),
    ///     Started::Daemon(daemon) => drop(daemon), // the body of the daemon
    /// }
    /// # Ok::<(), godaemon::Error>(())
    /// ```
    pub fn start(self) -> Result<Started, Error> {
        match self.carry_out()? {
            Outcome::Up { pid, mask } => {
                mask.restore();
                Ok(Started::Parent(pid))
            }
            Outcome::Acting(daemon) => Ok(Started::Daemon(daemon)),
        }
    }

    fn carry_out(mut self) -> Result<Outcome, Error> {
        match stage::role() {
            Ok(Role::Parent) => {}
            // Everything that the parent was asked for comes with its settings.
            Ok(Role::Daemon(marker)) => {
                return Ok(Outcome::Acting(Newcomer::take_over(&marker).settle(&Parts::ALL)));
            }
            Err(error) => return Err(self.give_back(error)),
        }
        let mut plan = match parent::prepare(&mut self, Parts::ALL) {
            Ok(plan) => plan,
            Err(error) => return Err(self.give_back(error)),
        };
        match self.open_files(&mut plan) {
            Ok(()) => plan.carry_out(),
            Err(error) => Err(self.give_back(plan.give_back(error))),
        }
    }

    /// Opens the files in their order, until one fails.
    fn open_files(&mut self, plan: &mut Plan) -> Result<(), Error> {
        let mut files = std::mem::take(&mut self.files).into_iter();
        let result = files.try_for_each(|file| match file {
            File::Open { name, file } => plan.hand_on(&name, file),
            File::Later { name, open } => match open(&name) {
                Ok(file) => plan.hand_on(&name, file),
                Err(why) => Err(Error::expression(&name, &*why)),
            },
        });
        self.files = files.collect();
        result
    }

    /// Puts the files that are open already into the error of a start that failed before it had them.
    fn give_back(self, error: Error) -> Error {
        let open = self.files.into_iter().filter_map(|file| match file {
            File::Open { file, .. } => file.ok(),
            File::Later { .. } => None,
        });
        error.with_files(open.collect())
    }
}

/// Becomes a daemon with the defaults; see [`Options::daemonize`].
///
/// # Errors
///
/// As [`Options::daemonize`].
///
/// ```no_run
/// # use godaemon_rt as godaemon;
/// let _daemon = godaemon::daemonize()?;
/// # Ok::<(), godaemon::Error>(())
/// ```
pub fn daemonize() -> Result<Daemon, Error> {
    Options::new().daemonize()
}

/// A path as an option takes it: every [`PathArg`], and `Option<T>` and `&Option<T>` of it, of which `None` is the
/// default of the option.
///
/// A literal `None` has no type that could be inferred: leave the option out.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a path for an option",
    label = "expected a path",
    note = "a path is a `&str`, `String`, `&Path`, `PathBuf`, `&OsStr` or `OsString`, or an `Option` of one"
)]
pub trait IntoPath {
    /// The path, if there is one.
    fn into_path(self) -> Option<PathBuf>;
}

/// A path: `&str`, `String`, `&String`, `&Path`, `PathBuf`, `&PathBuf`, `&OsStr`, `OsString`, `&OsString`.
pub trait PathArg {
    /// The path.
    fn path(self) -> PathBuf;
}

/// A name as an option takes it: every [`NameArg`], and `Option<T>` and `&Option<T>` of it, of which `None` is the
/// default of the option.
///
/// A literal `None` has no type that could be inferred: leave the option out.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a name for an option",
    label = "expected a name",
    note = "a name is a `&str`, `String`, `&Path`, `PathBuf`, `&OsStr` or `OsString`, or an `Option` of one"
)]
pub trait IntoName {
    /// The name, if there is one.
    fn into_name(self) -> Option<OsString>;
}

/// A name: the same types as for a path, see [`PathArg`].
pub trait NameArg {
    /// The name.
    fn name(self) -> OsString;
}

/// A user or group as an option takes it: every [`IdArg`], and `Option<T>` and `&Option<T>` of it, of which `None` is
/// no change.
///
/// A literal `None` has no type that could be inferred: leave the option out.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a user or group for an option",
    label = "expected a name or a number",
    note = "a user or group is a name, a `&str` or `String`, or a number, a `u32`, or an `Option` of one"
)]
pub trait IntoId {
    /// The user or group, if there is one.
    #[doc(hidden)]
    fn into_id(self) -> Option<Id>;
}

/// A user or group: `&str`, `String` or `&String` for its name, `u32` or `&u32` for its number. Digits in a string are
/// a number as well, unless they are somebody's name.
pub trait IdArg {
    /// The user or group.
    #[doc(hidden)]
    fn id(self) -> Id;
}

/// A time limit as an option takes it: `Duration`, `Option<Duration>` and `&Option<Duration>`, of which `None` is no
/// limit.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a time limit for an option",
    label = "expected a `Duration`",
    note = "a time limit is a `std::time::Duration`, or an `Option` of one"
)]
pub trait IntoTimeout {
    /// The limit, if there is one.
    fn into_timeout(self) -> Option<Duration>;
}

impl IntoTimeout for Duration {
    fn into_timeout(self) -> Option<Duration> {
        Some(self)
    }
}

impl IntoTimeout for Option<Duration> {
    fn into_timeout(self) -> Option<Duration> {
        self
    }
}

impl IntoTimeout for &Option<Duration> {
    fn into_timeout(self) -> Option<Duration> {
        *self
    }
}

impl<T: PathArg> IntoPath for T {
    fn into_path(self) -> Option<PathBuf> {
        Some(self.path())
    }
}

impl<T: PathArg> IntoPath for Option<T> {
    fn into_path(self) -> Option<PathBuf> {
        self.map(T::path)
    }
}

impl<'a, T> IntoPath for &'a Option<T>
where
    &'a T: PathArg,
{
    fn into_path(self) -> Option<PathBuf> {
        self.as_ref().map(<&T>::path)
    }
}

impl<T: NameArg> IntoName for T {
    fn into_name(self) -> Option<OsString> {
        Some(self.name())
    }
}

impl<T: NameArg> IntoName for Option<T> {
    fn into_name(self) -> Option<OsString> {
        self.map(T::name)
    }
}

impl<'a, T> IntoName for &'a Option<T>
where
    &'a T: NameArg,
{
    fn into_name(self) -> Option<OsString> {
        self.as_ref().map(<&T>::name)
    }
}

impl<T: IdArg> IntoId for T {
    fn into_id(self) -> Option<Id> {
        Some(self.id())
    }
}

impl<T: IdArg> IntoId for Option<T> {
    fn into_id(self) -> Option<Id> {
        self.map(T::id)
    }
}

impl<'a, T> IntoId for &'a Option<T>
where
    &'a T: IdArg,
{
    fn into_id(self) -> Option<Id> {
        self.as_ref().map(<&T>::id)
    }
}

macro_rules! arguments {
    ($trait:ident, $method:ident, $result:ty: $($type:ty),*) => {
        $(impl $trait for $type {
            fn $method(self) -> $result {
                self.into()
            }
        })*
    };
}

arguments!(PathArg, path, PathBuf: &str, String, &String, &Path, PathBuf, &PathBuf, &OsStr, OsString, &OsString);
arguments!(NameArg, name, OsString: &str, String, &String, &Path, PathBuf, &PathBuf, &OsStr, OsString, &OsString);

arguments!(IdArg, id, Id: &str, String, &String);

// Numbers without the macro: rustc shows these lines to those who give it a number of another type.
impl IdArg for u32 {
    fn id(self) -> Id {
        self.into()
    }
}

impl IdArg for &u32 {
    fn id(self) -> Id {
        self.into()
    }
}

impl IdArg for &&str {
    fn id(self) -> Id {
        (*self).into()
    }
}

impl PathArg for &&str {
    fn path(self) -> PathBuf {
        (*self).into()
    }
}

impl PathArg for &&Path {
    fn path(self) -> PathBuf {
        (*self).into()
    }
}

impl NameArg for &&str {
    fn name(self) -> OsString {
        (*self).into()
    }
}

impl NameArg for &&Path {
    fn name(self) -> OsString {
        (*self).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_come_in_many_types() {
        let some = Some(PathBuf::from("/a"));
        assert_eq!("/a".into_path(), some);
        assert_eq!(String::from("/a").into_path(), some);
        assert_eq!((&String::from("/a")).into_path(), some);
        assert_eq!(Path::new("/a").into_path(), some);
        assert_eq!(PathBuf::from("/a").into_path(), some);
        assert_eq!(OsStr::new("/a").into_path(), some);
        assert_eq!(OsString::from("/a").into_path(), some);
        assert_eq!(Some("/a").into_path(), some);
        assert_eq!((&Some("/a")).into_path(), some);
        assert_eq!((&Some(PathBuf::from("/a"))).into_path(), some);
        assert_eq!((&Some(String::from("/a"))).into_path(), some);
        assert_eq!(None::<&str>.into_path(), None);
        assert_eq!((&None::<PathBuf>).into_path(), None);
    }

    #[test]
    fn users_come_in_many_types() {
        let name = Some(Id::Name("a".into()));
        assert_eq!("a".into_id(), name);
        assert_eq!(String::from("a").into_id(), name);
        assert_eq!((&String::from("a")).into_id(), name);
        assert_eq!((&Some("a")).into_id(), name);
        assert_eq!((&Some(String::from("a"))).into_id(), name);
        let number = Some(Id::Number(7));
        assert_eq!(7.into_id(), number);
        assert_eq!((&7).into_id(), number);
        assert_eq!(Some(7).into_id(), number);
        assert_eq!((&Some(7)).into_id(), number);
        assert_eq!(None::<u32>.into_id(), None);
    }

    #[test]
    fn names_come_in_many_types() {
        let some = Some(OsString::from("a"));
        assert_eq!("a".into_name(), some);
        assert_eq!(String::from("a").into_name(), some);
        assert_eq!(OsStr::new("a").into_name(), some);
        assert_eq!((&Some(String::from("a"))).into_name(), some);
        assert_eq!((&Some("a")).into_name(), some);
        assert_eq!(None::<String>.into_name(), None);
    }
}
