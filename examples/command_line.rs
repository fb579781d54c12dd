//! A daemon with a command line: it sends a file to whoever connects, until SIGTERM.
//!
//! The line is parsed in the parent, where all `values` are computed first: help and complaints appear at the terminal,
//! and nothing is started. A relative path means what it means to the user, although the daemon works in `/`.
//!
//! ```text
//! $ cargo run --example command_line -- README.md
//! command_line listens on 127.0.0.1:7010; end it: kill 4711
//! $ cargo run --example command_line -- --foreground --listen 127.0.0.1:0 README.md
//! command_line listens on 127.0.0.1:40913; end it: kill 4712
//! $ cargo run --example command_line -- --listen nowhere README.md
//! error: invalid value 'nowhere' for '--listen <ADDR>': invalid socket address syntax
//!
//! For more information, try '--help'.
//! ```

use clap::Parser;
use clap::builder::{PathBufValueParser, TypedValueParser};
use godaemon::Ready;
use signal_hook::consts::SIGTERM;
use signal_hook::iterator::Signals;
use std::error::Error;
use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::num::ParseIntError;
use std::path::{self, Path, PathBuf};
use std::time::Duration;
use std::{fs, process, thread};

/// Sends a file to whoever connects
#[derive(Parser)]
#[command(name = "command_line", version)]
struct Args {
    /// The file, read anew for each connection
    // Made absolute here, where parent and daemon are both in the user's directory; `main` runs in `/`.
    #[arg(value_parser = PathBufValueParser::new().try_map(path::absolute))]
    file: PathBuf,

    /// Where to listen; with port 0 the system chooses one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7010")]
    listen: SocketAddr,

    /// Stay in the foreground
    #[arg(long)]
    foreground: bool,

    /// Give up if it is not up by then
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    start_timeout: Option<Duration>,
}

#[godaemon::main(
    values = [args = Args::parse()],
    foreground = args.foreground,
    start_timeout = args.start_timeout,
    files = [listener = TcpListener::bind(args.listen)?],
)]
fn main(args: Args, listener: TcpListener, ready: Ready) -> Result<(), Box<dyn Error>> {
    // Whoever gave the wrong file is still at the terminal.
    if let Err(error) = fs::read(&args.file) {
        ready.fail(format_args!("{}: {error}", args.file.display()));
    }

    let mut signals = Signals::new([SIGTERM])?;
    thread::spawn(move || {
        signals.forever().next();
        // Seen in the foreground only. `eprintln!` would panic when nobody reads it, and `exit` would never be reached.
        let _ = writeln!(io::stderr(), "command_line ends");
        process::exit(0);
    });

    // At the terminal, until `notify`. (`on_ready` has no listener to ask, and no part in the foreground.)
    eprintln!("command_line listens on {}; end it: kill {}", listener.local_addr()?, process::id());
    ready.notify()?;
    for connection in listener.incoming() {
        let connection = connection?;
        let file = args.file.clone();
        thread::spawn(move || send(&file, connection));
    }
    Ok(())
}

fn send(file: &Path, mut connection: TcpStream) -> io::Result<()> {
    connection.write_all(&fs::read(file)?)
}

fn seconds(text: &str) -> Result<Duration, ParseIntError> {
    text.parse().map(Duration::from_secs)
}
