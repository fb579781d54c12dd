//! A server whose socket the service manager has opened, or which opens its own when it is started by hand.
//!
//! ```text
//! $ cargo run --example socket_activation
//! process 4711 listens on 127.0.0.1:7011; end it with: kill 4711
//! $ cargo build --example socket_activation
//! $ systemd-socket-activate -l 7012 target/debug/examples/socket_activation
//! Listening on [::]:7012 as 3.
//! ```
//!
//! The second one starts when somebody connects: `nc 127.0.0.1 7012`.

use godaemon::Ready;
use listenfd::ListenFd;
use std::error::Error;
use std::io::{self, Write};
use std::net::TcpListener;
use std::{env, process};

#[godaemon::main(files = [listener = listener()?])]
fn main(listener: TcpListener, ready: Ready) -> Result<(), Box<dyn Error>> {
    let (pid, address) = (process::id(), listener.local_addr()?);
    eprintln!("process {pid} listens on {address}; end it with: kill {pid}");
    ready.notify()?;
    for connection in listener.incoming() {
        let _ = writeln!(connection?, "this is process {pid}"); // whoever hangs up too early misses it
    }
    Ok(())
}

/// In the parent, whose number is in `LISTEN_PID`. This takes the variables out of the environment, too.
fn listener() -> io::Result<TcpListener> {
    match ListenFd::from_env().take_tcp_listener(0)? {
        Some(listener) => Ok(listener),
        None => TcpListener::bind(env::args().nth(1).as_deref().unwrap_or("127.0.0.1:7011")),
    }
}
