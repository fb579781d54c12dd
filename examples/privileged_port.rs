//! What root opens stays open for a daemon that is nobody: a port below 1024, and a key that only root may read.
//!
//! ```text
//! # (umask 077; head -c 32 /dev/urandom >key)
//! # cargo run --example privileged_port -- 79 key
//! process 4711 listens on 127.0.0.1:79; ask it who it is: nc 127.0.0.1 79; end it: kill 4711
//! # nc 127.0.0.1 79
//! uid=65534(nobody) gid=65534(nogroup) groups=65534(nogroup)
//! with a key of 32 bytes
//! ```
//!
//! An ordinary user, unless it is `nobody`, may neither bind the port nor become somebody else:
//!
//! ```text
//! $ cargo run --example privileged_port
//! privileged_port: only root may become user nobody
//! ```

use godaemon::Ready;
use signal_hook::consts::SIGTERM;
use signal_hook::iterator::Signals;
use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::process::{self, Command};
use std::{env, thread};

#[godaemon::main(
    values = [port = env::args().nth(1).map_or(Ok(79), |port| port.parse::<u16>())?],
    user = "nobody",
    // `nobody` may not delete it there: at the end it is emptied, and the next start takes it.
    pid_file = "/run/privileged_port.pid",
    files = [
        listener = TcpListener::bind(("127.0.0.1", port))?,
        key = env::args_os().nth(2).map(File::open).transpose()?,
    ],
    on_ready = move |pid| {
        println!("process {pid} listens on 127.0.0.1:{port}; ask it who it is: nc 127.0.0.1 {port}; end it: kill {pid}");
    },
)]
fn main(listener: TcpListener, key: Option<File>, ready: Ready) -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM])?;
    ready.notify()?; // only now is the number told: SIGTERM would have left the pid file behind
    thread::spawn(move || {
        signals.forever().next();
        process::exit(0);
    });

    let mut secret = Vec::new();
    key.map(|mut file| file.read_to_end(&mut secret)).transpose()?;
    for connection in listener.incoming() {
        let _ = answer(connection?, &secret); // whoever hangs up too early misses it
    }
    Ok(())
}

fn answer(mut connection: TcpStream, secret: &[u8]) -> io::Result<()> {
    Command::new("id").stdout(OwnedFd::from(connection.try_clone()?)).status()?;
    writeln!(connection, "with a key of {} bytes", secret.len())
}
