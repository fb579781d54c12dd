//! A server with `start`, `stop` and `status`, and nothing but the standard library to read its command line.
//!
//! ```text
//! $ cargo run --example subcommands -- start
//! $ cargo run --example subcommands -- status
//! process 4711 runs
//! $ cargo run --example subcommands -- stop
//! $ cargo run --example subcommands -- status
//! nothing runs
//! ```
//!
//! The example `command_line` has all that such a program should have.

use godaemon::{PidFile, Ready};
use signal_hook::consts::SIGTERM;
use signal_hook::iterator::Signals;
use std::{env, error::Error, io, path::PathBuf, process, time::Duration};

#[godaemon::main(values = [command = command()?], pid_file = command)]
fn main(ready: Ready) -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM])?;
    ready.notify()?;
    // ...
    signals.forever().next();
    Ok(())
}

/// The pid file of the server to start. The other commands end here, in the parent, before anything is started.
fn command() -> Result<PathBuf, Box<dyn Error>> {
    let path = env::temp_dir().join("subcommands.pid"); // that of a server which root starts belongs in /run
    match env::args().nth(1).as_deref() {
        Some("start") => Ok(path),
        Some("stop") => match PidFile::new(path).stop(Duration::from_secs(10)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            _ => process::exit(0), // it is gone, or was not there
        },
        Some("status") => match PidFile::new(path).running()? {
            Some(pid) => {
                println!("process {pid} runs");
                process::exit(0)
            }
            None => {
                println!("nothing runs");
                process::exit(3)
            }
        },
        _ => Err("expected `start`, `stop` or `status`".into()),
    }
}
