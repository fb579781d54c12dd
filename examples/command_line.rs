//! **The one to copy**: a server as an administrator expects it, with `start`, `stop`, `restart` and `status`, a pid
//! file, a log file, and a user to become.
//!
//! Help and complaints about arguments appear at the terminal, and relative paths mean what they mean to the user,
//! although the daemon works in `/`. `status` exits as the Linux Standard Base has it: 0 if the server runs, 1 if it
//! died and left its pid file behind, 3 if it does not run, 4 if that cannot be told.
//!
//! ```text
//! $ cargo run --example command_line -- start README.md
//! command_line listens on 127.0.0.1:7010
//! $ cargo run --example command_line -- restart --log server.log README.md
//! $ cargo run --example command_line -- start README.md
//! command_line: already running: process 4711 holds /tmp/command_line.pid
//! $ cargo run --example command_line -- status
//! command_line runs, process 4711
//! $ cargo run --example command_line -- stop
//! ```

use clap::builder::{PathBufValueParser, TypedValueParser};
use clap::{Args, Parser};
use godaemon::{PidFile, Ready, Stage};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::error::Error;
use std::io::{self, ErrorKind::NotFound, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::{self, PathBuf};
use std::process::exit;
use std::time::Duration;
use std::{fs, thread};

/// Sends a file to whoever connects
#[derive(Parser)]
#[command(name = "command_line", version)]
enum Command {
    /// Start the server
    Start(Server),
    /// End the server that runs, if there is one, and start another
    Restart(Server),
    /// End the server
    Stop(Instance),
    /// Say whether the server runs
    Status(Instance),
}

#[derive(Args)]
struct Server {
    /// The file, read anew for each connection
    // Made absolute here, where parent and daemon are both in the user's directory; `main` runs in `/`.
    #[arg(value_parser = PathBufValueParser::new().try_map(path::absolute))]
    file: PathBuf,
    /// Where to listen; with port 0 the system chooses one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7010")]
    listen: SocketAddr,
    /// Become this user
    #[arg(long)]
    user: Option<String>,
    /// Print into this file; SIGHUP opens it again
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Stay in the foreground
    #[arg(long)]
    foreground: bool,
    /// Give up if it is not up by then
    #[arg(long, value_name = "SECONDS", value_parser = |text: &str| text.parse().map(Duration::from_secs))]
    start_timeout: Option<Duration>,
    #[command(flatten)]
    instance: Instance,
}

#[derive(Args)]
struct Instance {
    /// The pid file; that of a server which root starts belongs in /run
    #[arg(long, value_name = "FILE", default_value = "/tmp/command_line.pid")]
    pid_file: PathBuf,
}

#[godaemon::main(
    values = [server = command()?],
    foreground = server.foreground,
    pid_file = &server.instance.pid_file,
    stdout = &server.log,
    stderr = &server.log,
    user = &server.user,
    start_timeout = server.start_timeout,
    files = [listener = TcpListener::bind(server.listen)?],
)]
fn main(server: Server, listener: TcpListener, ready: Ready) -> Result<(), Box<dyn Error>> {
    // Whoever gave the wrong file is still at the terminal.
    if let Err(error) = fs::read(&server.file) {
        ready.fail(format_args!("{}: {error}", server.file.display()));
    }
    let signals = Signals::new([SIGHUP, SIGINT, SIGTERM])?;
    // At the terminal, until `notify`, or in the log. (`on_ready` has no listener to ask, and no part in the foreground.)
    eprintln!("command_line listens on {}", listener.local_addr()?);
    ready.notify()?;
    // Not before: `exit(0)` would tell the terminal that all is well, and nothing runs.
    thread::spawn(move || obey(signals));
    for connection in listener.incoming() {
        let (mut connection, file) = (connection?, server.file.clone());
        thread::spawn(move || connection.write_all(&fs::read(file)?));
    }
    Ok(())
}

/// Returns the server to start. In the parent `stop` and `status` are done with here; it runs again in the daemon.
fn command() -> io::Result<Server> {
    match Command::parse() {
        Command::Start(server) => Ok(server),
        Command::Restart(server) if godaemon::stage() == Stage::Daemon => Ok(server),
        Command::Restart(server) => stop(&server.instance).map(|()| server),
        Command::Stop(instance) => stop(&instance).map(|()| exit(0)),
        Command::Status(instance) => status(&instance),
    }
}

fn stop(Instance { pid_file }: &Instance) -> io::Result<()> {
    match PidFile::new(pid_file).stop(Duration::from_secs(10)) {
        Err(error) if error.kind() == NotFound => Ok(()),
        result => result,
    }
}

fn status(Instance { pid_file }: &Instance) -> ! {
    // One that ended in order has removed its pid file, or emptied it where it may not remove it.
    let left_behind = || fs::metadata(pid_file).is_ok_and(|metadata| metadata.len() > 0);
    let (text, status) = match PidFile::new(pid_file).running() {
        Ok(Some(pid)) => (format!("runs, process {pid}"), 0),
        Ok(None) if left_behind() => (format!("is dead, and left {} behind", pid_file.display()), 1),
        Ok(None) => ("does not run".to_owned(), 3),
        Err(error) => (format!("cannot be asked: {error}"), 4),
    };
    println!("command_line {text}");
    exit(status)
}

fn obey(mut signals: Signals) {
    for signal in signals.forever() {
        // Not `eprintln!`, which panics when nobody can read it: `exit` would never be reached.
        if signal != SIGHUP {
            let _ = writeln!(io::stderr(), "command_line ends");
            exit(0); // takes the pid file away
        } else if let Err(error) = godaemon::reopen_output() {
            let _ = writeln!(io::stderr(), "command_line: {error}");
        }
    }
}
