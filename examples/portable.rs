//! A program that is a daemon on Unix, and an ordinary one elsewhere.
//!
//! ```text
//! $ cargo run --example portable
//! process 4711 listens on 127.0.0.1:7014
//! ```

use std::net::TcpListener;
use std::{env, io, process};

#[cfg(unix)]
#[godaemon::main(files = [listener = bind()?])]
fn main(listener: TcpListener, ready: godaemon::Ready) -> io::Result<()> {
    run(listener, || ready.notify())
}

#[cfg(not(unix))]
fn main() -> io::Result<()> {
    run(bind()?, || Ok(()))
}

fn bind() -> io::Result<TcpListener> {
    TcpListener::bind(env::args().nth(1).as_deref().unwrap_or("127.0.0.1:7014"))
}

fn run(listener: TcpListener, ready: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
    eprintln!("process {} listens on {}", process::id(), listener.local_addr()?);
    ready()?;
    for connection in listener.incoming() {
        drop(connection?); // whoever calls learns that somebody is there
    }
    Ok(())
}
