// The links of the README, which lead to docs.rs, lead to the items here: the first definition of a name counts.
#![doc = include_str!("../docs/links.md")]
#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

#[cfg(any(doc, doctest))]
pub mod guide;

/// Makes a daemon of the program whose `main` it stands on.
///
/// ```no_run
/// #[godaemon::main]
/// fn main() {
///     // the daemon
/// }
/// ```
///
/// The user's process, the parent, evaluates the attribute's expressions, starts the daemon through a first child, waits
/// until it is up, and exits. `main` runs in the daemon only. It may return anything that
/// [`Termination`](std::process::Termination) allows.
///
/// All options are [below](#in-short) in one table. [What runs where](guide::what_runs_where) is a page of the guide, and so
/// are the [errors of the compiler](guide::compile_errors); [`Error`] has every error of a start.
///
/// # Parameters of `main`
///
/// They are bound by name; a leading underscore does not count, and `mut` is allowed.
///
/// | parameter | receives |
/// |---|---|
/// | a name of `files` | the open file, as the type that the parameter declares, which is [`Inherit`] |
/// | a name of `values` | the value, as computed in this process |
/// | `stdout`, `stderr` | a [`Reader`]; needs `capture_output`. A stream that no parameter takes goes to the null device |
/// | `ready` | a [`Ready`]; with it the parent waits until [`notify`](Ready::notify) |
///
/// # Options
///
/// In any order. Expressions may be any Rust, may use the names of `values`, and may use `?` with every error that becomes a
/// `Box<dyn Error>`; the parent prints such an error behind the name of what failed, and exits with 1. An option that a
/// command line often leaves out (`program_name`, `pid_file`, `stdout`, `stderr`, `working_dir`, `user`, `group`,
/// `start_timeout`) takes `T`, `Option<T>` and `&Option<T>`. A literal `None` has no type that could be inferred for a name, a
/// path or a user: leave the option out.
///
/// Below, each comes with two programs that do the same, with the attribute and without. Why a start failed is the one thing that
/// the second ones leave to std, which prints `Error: ...` and exits with 1: the example `by_hand` prints what the attribute
/// prints, and exits with [`Error::exit_code`]. Why the body failed before the daemon was up is told by [`Ready::fail`] there.
///
/// ## `values`
///
/// `= [name = expression, ...]`: values for the other options and for parameters of the same name. They are computed first in
/// the parent, so that bad arguments are refused at the terminal, and **again in the daemon**, in the directory from which it was
/// started and with the rights of the parent. What must happen once belongs in `files`.
///
/// ```no_run
/// use std::env;
///
/// #[godaemon::main(
///     values = [args = env::args().collect::<Vec<_>>()],
///     foreground = args.iter().any(|arg| arg == "-f"),
/// )]
/// fn main(args: Vec<String>) {
///     println!("{args:?}");
/// }
/// ```
///
/// Without the attribute, all that stands before [`daemonize`](Options::daemonize) runs in both processes. A daemon that ends
/// there, by an error for example, has `ended without calling daemonize`; what it prints is at the terminal.
///
/// ```no_run
/// use godaemon::Options;
/// use std::env;
///
/// fn main() -> Result<(), godaemon::Error> {
///     let args: Vec<_> = env::args().collect();
///     let _daemon = Options::new().foreground(args.iter().any(|arg| arg == "-f")).daemonize()?;
///     println!("{args:?}");
///     Ok(())
/// }
/// ```
///
/// ## `files`
///
/// `= [name = expression, ...]`: files, sockets and pipes, opened in the parent only, in their order, when everything else is
/// known to be right; each goes to the parameter of its name. Locks of `flock(2)` are held without a gap; record locks of
/// `fcntl(2)` end with the parent. A terminal can be handed on, and should not be: the result is not strictly a daemon.
///
/// ```no_run
/// use std::net::TcpListener;
///
/// #[godaemon::main(files = [listener = TcpListener::bind("127.0.0.1:7000")?])]
/// fn main(listener: TcpListener) {
///     // ...
/// }
/// ```
///
/// Without the attribute: [`Options::file_with`], [`Daemon::take_file`].
///
/// ```no_run
/// use godaemon::Options;
/// use std::net::TcpListener;
///
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let options = Options::new().file_with("listener", || TcpListener::bind("127.0.0.1:7000"));
///     let listener: TcpListener = options.daemonize()?.take_file("listener")?;
///     // ...
///     Ok(())
/// }
/// ```
///
/// ## `capture_output`
///
/// Both streams of the daemon and its children come out of the parameters `stdout` and `stderr`; see [`Reader`], and
/// [the guide](guide::captured_output) for recipes.
///
/// ```no_run
/// use godaemon::Reader;
///
/// #[godaemon::main(capture_output)]
/// fn main(stderr: Reader) -> std::io::Result<()> {
///     stderr.forward(|line| {
///         // into the log
/// #       let _ = line;
///     })
/// }
/// ```
///
/// Without the attribute: [`Options::capture_output`], [`Daemon::take_stdout`], [`Daemon::take_stderr`].
///
/// ```no_run
/// use godaemon::Options;
///
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let mut daemon = Options::new().capture_output().daemonize()?;
///     let stderr = daemon.take_stderr().ok_or("taken before")?;
///     drop(daemon); // with the reader of stdout: a reader that is kept has to be read
///     stderr.forward(|line| {
///         // into the log
/// #       let _ = line;
///     })?;
///     Ok(())
/// }
/// ```
///
/// ## `on_ready`
///
/// Called in the parent with the daemon's process number, a `u32`, once the daemon is up. All signals are blocked meanwhile. A
/// panic prints its text and changes nothing: the start has happened.
/// A closure that uses a value needs `move`, and a clone of the value if files or a parameter use it as well.
///
/// ```no_run
/// use std::env;
///
/// #[godaemon::main(
///     values = [name = env::args().next().unwrap_or_default()],
///     on_ready = { let name = name.clone(); move |pid| println!("{name} is up, process {pid}") },
/// )]
/// fn main(name: String) {
///     // ...
/// }
/// ```
///
/// Without the attribute: [`Options::on_ready`].
///
/// ```no_run
/// use godaemon::Options;
/// use std::env;
///
/// fn main() -> Result<(), godaemon::Error> {
///     let name = env::args().next().unwrap_or_default();
///     let own = name.clone();
///     let _daemon = Options::new().on_ready(move |pid| println!("{own} is up, process {pid}")).daemonize()?;
///     // ...
/// #   drop(name);
///     Ok(())
/// }
/// ```
///
/// ## `foreground`
///
/// A `bool`: whether to stay in the foreground, where this process acts as the daemon. If it is false or absent,
/// [`supervised`] decides.
///
/// ```no_run
/// #[godaemon::main(foreground = std::env::args().any(|arg| arg == "--foreground"))]
/// fn main() {
///     // ...
/// }
/// ```
///
/// In the foreground `capture_output`, `program_name`, `stdout`, `stderr`, `working_dir`, `umask`, `start_timeout` and
/// `on_ready` are evaluated and have no effect, but that `program_name` is the name in messages. `pid_file`, `user` and `group`
/// are as in a daemon.
///
/// Without the attribute: [`Options::foreground`].
///
/// ```no_run
/// fn main() -> Result<(), godaemon::Error> {
///     let foreground = std::env::args().any(|arg| arg == "--foreground");
///     let _daemon = godaemon::Options::new().foreground(foreground).daemonize()?;
///     // ...
///     Ok(())
/// }
/// ```
///
/// ## `program_name`
///
/// The daemon's first argument, and its name in `ps`, `pgrep` and messages. An empty name counts as none.
///
/// ```no_run
/// #[godaemon::main(program_name = "echod")]
/// fn main() {
///     // ...
/// }
/// ```
///
/// Without the attribute: [`Options::program_name`].
///
/// ```no_run
/// fn main() -> Result<(), godaemon::Error> {
///     let _daemon = godaemon::Options::new().program_name("echod").daemonize()?;
///     // ...
///     Ok(())
/// }
/// ```
///
/// ## `pid_file`
///
/// The daemon's pid file. It is locked by the parent before any expression of `files` is evaluated, and by the daemon until its
/// end: a second instance is refused with 69. When the parent exits with 0 it holds the number of the daemon. It has to be a
/// regular file, no link, with a number or nothing in it. A relative path is relative to the parent's current directory.
///
/// ```no_run
/// #[godaemon::main(pid_file = "/run/echod.pid")]
/// fn main() {
///     // ...
/// }
/// ```
///
/// On a return from `main`, a panic of it and [`exit`](std::process::exit) it is emptied, and removed if that is allowed. A
/// signal leaves it behind, unlocked: have a handler for SIGTERM. Other processes use it through [`PidFile`].
///
/// Without the attribute: [`Options::pid_file`].
///
/// ```no_run
/// fn main() -> Result<(), godaemon::Error> {
///     let _daemon = godaemon::Options::new().pid_file("/run/echod.pid").daemonize()?;
///     // ...
///     Ok(())
/// }
/// ```
///
/// ## `stdout`, `stderr`
///
/// The file that what the daemon and its children print goes to, instead of the null device. It is opened by the parent, for
/// appending; equal paths are one open file. [`reopen_output`] opens it again after a rotation. Not together with
/// `capture_output`, which takes both streams.
///
/// ```no_run
/// use std::env;
///
/// #[godaemon::main(
///     values = [log = env::args().nth(1)],
///     stdout = &log,
///     stderr = &log,
/// )]
/// fn main() {
///     println!("into the log, if there is one");
/// }
/// ```
///
/// Without the attribute: [`Options::stdout`], [`Options::stderr`], which say what may be at the path, and how a file is made.
///
/// ```no_run
/// use godaemon::Options;
/// use std::env;
///
/// fn main() -> Result<(), godaemon::Error> {
///     let log = env::args().nth(1);
///     let _daemon = Options::new().stdout(&log).stderr(&log).daemonize()?;
///     println!("into the log, if there is one");
///     Ok(())
/// }
/// ```
///
/// ## `user`, `group`
///
/// Who the daemon is to be: a name, or a number as `u32` or in digits. Looked up in the parent, which exits with 67 if there is
/// none, and with 77 if it may not change. Everything that the attribute opens is opened with the rights of the parent.
/// Without `group` it is the user's own, without `user` only the groups change.
///
/// ```no_run
/// use std::net::TcpListener;
///
/// #[godaemon::main(user = "nobody", files = [listener = TcpListener::bind("0.0.0.0:79")?])]
/// fn main(listener: TcpListener) {
///     // as nobody, on a port of root's
/// }
/// ```
///
/// Without the attribute: [`Options::user`], [`Options::group`].
///
/// ```no_run
/// use godaemon::Options;
/// use std::net::TcpListener;
///
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let options = Options::new().user("nobody").file_with("listener", || TcpListener::bind("0.0.0.0:79"));
///     let listener: TcpListener = options.daemonize()?.take_file("listener")?;
///     // as nobody, on a port of root's
///     Ok(())
/// }
/// ```
///
/// ## `working_dir`
///
/// The directory that the daemon works in; `/` without the option. A relative path is relative to the parent's current
/// directory; one that cannot be entered is the parent's error. See [`launch_dir`] for other relative paths.
///
/// ```no_run
/// #[godaemon::main(working_dir = "/var/lib/echod")]
/// fn main() {
///     // ...
/// }
/// ```
///
/// Without the attribute: [`Options::working_dir`].
///
/// ```no_run
/// fn main() -> Result<(), godaemon::Error> {
///     let _daemon = godaemon::Options::new().working_dir("/var/lib/echod").daemonize()?;
///     // ...
///     Ok(())
/// }
/// ```
///
/// ## `umask`
///
/// A `u32` of at most `0o777`: the permissions that files which the daemon makes do not get; `0o022` without the option.
///
/// ```no_run
/// #[godaemon::main(umask = 0o077)]
/// fn main() {
///     // ...
/// }
/// ```
///
/// Without the attribute: [`Options::umask`].
///
/// ```no_run
/// fn main() -> Result<(), godaemon::Error> {
///     let _daemon = godaemon::Options::new().umask(0o077).daemonize()?;
///     // ...
///     Ok(())
/// }
/// ```
///
/// ## `start_timeout`
///
/// A [`Duration`](std::time::Duration): how long the daemon may take until it is up, from the start of the first child on.
/// Then it is ended, by SIGTERM and after a second by SIGKILL, and the parent exits with 75. Without the option there is no
/// limit. What the parent does before, such as opening `files`, does not count; the `values` of the daemon do.
///
/// ```no_run
/// use godaemon::Ready;
/// use std::time::Duration;
///
/// #[godaemon::main(start_timeout = Duration::from_secs(30))]
/// fn main(ready: Ready) -> std::io::Result<()> {
///     // whatever may take long
///     ready.notify()
/// }
/// ```
///
/// Without the attribute: [`Options::start_timeout`]. The parameter `ready` is [`Options::wait_for_ready`] and
/// [`Daemon::take_ready`].
///
/// ```no_run
/// use godaemon::Options;
/// use std::time::Duration;
///
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let options = Options::new().wait_for_ready().start_timeout(Duration::from_secs(30));
///     let ready = options.daemonize()?.take_ready().ok_or("taken before")?;
///     // whatever may take long
///     ready.notify()?;
///     Ok(())
/// }
/// ```
///
/// ## `crate`
///
/// Where to find this crate, for a renamed dependency or a re-export; no quotes.
///
/// ```no_run
/// use godaemon as daemons;
///
/// #[daemons::main(crate = daemons)]
/// fn main() {
///     // ...
/// }
/// ```
///
/// Without the attribute there is nothing to say: paths are written by the program.
///
/// ```no_run
/// use godaemon as daemons;
///
/// fn main() -> Result<(), daemons::Error> {
///     let _daemon = daemons::daemonize()?;
///     // ...
///     Ok(())
/// }
/// ```
///
/// # The function below
///
/// What stands below the attribute becomes a function inside of the new `main`, called `__godaemon_main`: so it is called in
/// backtraces, in [`type_name`](std::any::type_name), and by attributes below that tell it, such as `#[tracing::instrument]`
/// without a `name`. In the body `main` is the new one, so a body that calls itself needs a function of its own: to call
/// `main` is to start a daemon once more, which a daemon [refuses](ErrorKind::AlreadyDaemon).
///
/// # With a runtime
///
/// An `async fn main` needs a runtime's own attribute below, such as `#[tokio::main]`: it starts in the daemon only. The guide has
/// a page about [tokio](guide::with_tokio).
pub use godaemon_macros::main;
#[cfg(unix)]
pub use godaemon_rt::*;

#[cfg(not(unix))]
compile_error!(
    "godaemon makes Unix daemons, and there are none on this system: depend on it under \
     `[target.'cfg(unix)'.dependencies]`, and write `#[cfg_attr(unix, godaemon::main(...))]`"
);
