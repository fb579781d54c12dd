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
/// ## `values = [name = expression, ...]`
///
/// Values for the other options and for parameters of the same name. They are computed first in the parent, so that bad
/// arguments are refused at the terminal, and **again in the daemon**, in the directory from which it was started. What
/// must happen once belongs in `files`.
///
/// ```no_run
/// use std::env;
///
/// #[godaemon::main(values = [args = env::args().collect::<Vec<_>>()], foreground = args.iter().any(|arg| arg == "-f"))]
/// fn main(args: Vec<String>) {
///     println!("{args:?}");
/// }
/// ```
///
/// Without the attribute: code before [`Options::daemonize`] runs in the parent and in the daemon.
///
/// ## `files = [name = expression, ...]`
///
/// Files, sockets and pipes, opened in the parent only, in their order, when everything else is known to be right; each goes
/// to the parameter of its name. Locks of `flock(2)` are held without a gap; record locks of `fcntl(2)` end with the parent.
/// A terminal can be handed on, and should not be: the result is not strictly a daemon.
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
/// ```no_run
/// # use std::net::TcpListener;
/// let mut daemon =
///     godaemon::Options::new().file_with("listener", || TcpListener::bind("127.0.0.1:7000")).daemonize()?;
/// let listener: TcpListener = daemon.take_file("listener")?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
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
/// Without the attribute: [`Options::capture_output`] and [`Daemon::take_stderr`].
///
/// ## `on_ready = expression`
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
/// ## `foreground = expression`
///
/// A `bool`: whether to stay in the foreground, where this process acts as the daemon. If it is false or absent,
/// [`supervised`] decides.
///
/// ```no_run
/// #[godaemon::main(foreground = std::env::args().any(|arg| arg == "--foreground"))]
/// fn main() {}
/// ```
///
/// In the foreground `capture_output`, `program_name`, `stdout`, `stderr`, `working_dir`, `umask`, `start_timeout` and
/// `on_ready` are evaluated and have no effect. `pid_file`, `user` and `group` are as in a daemon.
///
/// Without the attribute: [`Options::foreground`].
///
/// ## `program_name = expression`
///
/// The daemon's first argument, and its name in `ps`, `pgrep` and messages. An empty name counts as none.
///
/// ```no_run
/// #[godaemon::main(program_name = "echod")]
/// fn main() {}
/// ```
///
/// Without the attribute: [`Options::program_name`].
///
/// ## `pid_file = expression`
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
/// ## `stdout = expression`, `stderr = expression`
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
/// ## `user = expression`, `group = expression`
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
/// ## `working_dir = expression`
///
/// The directory that the daemon works in; `/` without the option. A relative path is relative to the parent's current
/// directory; one that cannot be entered is the parent's error. See [`launch_dir`] for other relative paths.
///
/// ```no_run
/// #[godaemon::main(working_dir = "/var/lib/echod", umask = 0o027)]
/// fn main() {}
/// ```
///
/// Without the attribute: [`Options::working_dir`].
///
/// ## `umask = expression`
///
/// A `u32` of at most `0o777`: the permissions that files which the daemon makes do not get; `0o022` without the option.
///
/// ```no_run
/// #[godaemon::main(umask = 0o077)]
/// fn main() {}
/// ```
///
/// Without the attribute: [`Options::umask`].
///
/// ## `start_timeout = expression`
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
/// Without the attribute: [`Options::start_timeout`].
///
/// ## `crate = path`
///
/// Where to find this crate, for a renamed dependency or a re-export; no quotes. [`Options`] need nothing of the kind.
///
/// ```no_run
/// use godaemon as daemons;
///
/// #[daemons::main(crate = daemons)]
/// fn main() {}
/// ```
///
/// # With a runtime
///
/// An `async fn main` needs a runtime's own attribute below, such as `#[tokio::main]`: it starts in the daemon only.
pub use godaemon_macros::main;
#[cfg(unix)]
pub use godaemon_rt::*;

#[cfg(not(unix))]
compile_error!(
    "godaemon makes Unix daemons, and there are none on this system: depend on it under \
     `[target.'cfg(unix)'.dependencies]`, and write `#[cfg_attr(unix, godaemon::main(...))]`"
);
