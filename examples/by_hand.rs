//! The library without the attribute, for programs that decide at run time whether to become a daemon.
//!
//! ```text
//! $ cargo run --example by_hand
//! process 4711 listens on 127.0.0.1:7009; end it with: kill 4711
//! $ cargo run --example by_hand
//! no daemon: listener: Address already in use (os error 98)
//! ```

use godaemon::Options;
use std::error::Error;
use std::net::TcpListener;
use std::process::ExitCode;

fn main() -> ExitCode {
    // What stands here runs twice: in the process that the user started, and in the daemon.
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("no daemon: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let mut daemon = Options::new()
        .file_with("listener", || TcpListener::bind("127.0.0.1:7009"))
        .wait_for_ready()
        .on_ready(|pid| println!("process {pid} listens on 127.0.0.1:7009; end it with: kill {pid}"))
        .daemonize()?;

    // Only the daemon gets here.
    let listener: TcpListener = daemon.take_file("listener")?;
    let ready = daemon.take_ready().ok_or("asked for above")?;
    ready.notify()?;
    for connection in listener.incoming() {
        drop(connection?);
    }
    Ok(())
}
