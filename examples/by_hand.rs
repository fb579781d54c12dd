//! The library without the attribute, for programs that decide at run time whether to become a daemon.
//!
//! ```text
//! $ cargo run --example by_hand
//! process 4711 listens on 127.0.0.1:7009; end it with: kill 4711
//! $ cargo run --example by_hand
//! by_hand: listener: Address already in use (os error 98)
//! ```

use godaemon::{Daemon, Options};
use std::error::Error;
use std::net::TcpListener;
use std::process::ExitCode;

fn main() -> ExitCode {
    // What stands here runs twice: in the process that the user started, and in the daemon.
    let daemon = Options::new()
        .file_with("listener", || TcpListener::bind("127.0.0.1:7009"))
        .wait_for_ready()
        .on_ready(|pid| println!("process {pid} listens on 127.0.0.1:7009; end it with: kill {pid}"))
        .daemonize();
    match daemon {
        // Only the daemon gets here.
        Ok(daemon) => match serve(daemon) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        },
        // And here the process that the user started, which could also go on without a daemon.
        Err(error) => {
            eprintln!("by_hand: {error:#}");
            ExitCode::from(error.exit_code())
        }
    }
}

fn serve(mut daemon: Daemon) -> Result<(), Box<dyn Error>> {
    let listener: TcpListener = daemon.take_file("listener")?;
    let ready = daemon.take_ready().ok_or("asked for above")?;
    ready.notify()?;
    for connection in listener.incoming() {
        drop(connection?); // whoever calls learns that somebody is there
    }
    Ok(())
}
