//! The echo server with tokio: the runtime's own attribute stands below, and starts in the daemon only.
//!
//! ```text
//! $ cargo run --example with_tokio
//! process 4711 echoes on 127.0.0.1:7008; end it with: kill 4711
//! ```

use godaemon::Ready;
use std::error::Error;
use std::net::TcpListener;
use std::{env, io, process};
use tokio::net::TcpStream;
use tokio::signal::unix::{SignalKind, signal};

#[godaemon::main(files = [listener = bind()?])]
#[tokio::main]
async fn main(listener: TcpListener, ready: Ready) -> Result<(), Box<dyn Error>> {
    // The listener was opened before there was a runtime.
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let mut terminate = signal(SignalKind::terminate())?;

    let (pid, address) = (process::id(), listener.local_addr()?);
    eprintln!("process {pid} echoes on {address}; end it with: kill {pid}");
    ready.notify()?;
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (connection, _) = accepted?;
                tokio::spawn(echo(connection));
            }
            _ = terminate.recv() => return Ok(()),
        }
    }
}

fn bind() -> io::Result<TcpListener> {
    TcpListener::bind(env::args().nth(1).as_deref().unwrap_or("127.0.0.1:7008"))
}

async fn echo(mut connection: TcpStream) -> io::Result<u64> {
    let (mut reader, mut writer) = connection.split();
    tokio::io::copy(&mut reader, &mut writer).await
}
