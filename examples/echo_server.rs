//! A server: it sends back what it receives, until SIGTERM.
//!
//! ```text
//! $ cargo run --example echo_server
//! echo_server listens on 127.0.0.1:7007, process 4711; try it: nc 127.0.0.1 7007; end it: kill 4711
//! $ cargo run --example echo_server
//! echo_server: listener: Address already in use (os error 98)
//! ```

use godaemon::Ready;
use signal_hook::consts::SIGTERM;
use signal_hook::iterator::Signals;
use std::error::Error;
use std::net::{TcpListener, TcpStream};
use std::{io, process, thread};

#[godaemon::main(
    // In the parent, and nowhere else: what goes wrong here is said at the terminal.
    files = [listener = TcpListener::bind("127.0.0.1:7007")?],
    // In the parent, once the daemon is up.
    on_ready = |pid| {
        println!("echo_server listens on 127.0.0.1:7007, process {pid}; try it: nc 127.0.0.1 7007; end it: kill {pid}");
    },
)]
fn main(listener: TcpListener, ready: Ready) -> Result<(), Box<dyn Error>> {
    let mut signals = Signals::new([SIGTERM])?;
    ready.notify()?; // from here on the terminal is free

    // Not before: a start that ends with 0 looks as if it had gone well.
    thread::spawn(move || {
        signals.forever().next();
        process::exit(0); // in order: a pid file, if there were one, would go with it
    });
    for connection in listener.incoming() {
        let connection = connection?;
        thread::spawn(move || echo(connection));
    }
    Ok(())
}

fn echo(connection: TcpStream) -> io::Result<u64> {
    io::copy(&mut &connection, &mut &connection)
}
