//! A Unix socket that has its mode from the first moment, is removed at the end, and is never taken from another
//! instance.
//!
//! ```text
//! $ cargo run --example unix_socket -- here.sock
//! process 4711 listens on /home/me/here.sock; try it: nc -U /home/me/here.sock; end it: kill 4711
//! $ cargo run --example unix_socket -- here.sock
//! unix_socket: already running: process 4711 holds /home/me/here.pid
//! ```

use godaemon::Ready;
use nix::sys::stat::{Mode, umask};
use signal_hook::consts::SIGTERM;
use signal_hook::iterator::Signals;
use std::io::{self, Write};
use std::os::unix::{fs::FileTypeExt, net::UnixListener};
use std::path::{self, Path, PathBuf};
use std::{env, fs, process, thread};

#[godaemon::main(
    // Absolute, because `main` runs in `/`. A server that root starts has a directory of its own: /run/echod/socket.
    values = [socket = path::absolute(env::args_os().nth(1).unwrap_or("/tmp/unix_socket.sock".into()))?],
    pid_file = socket.with_extension("pid"),
    files = [listener = listen(&socket)?],
    on_ready = {
        let path = socket.display().to_string();
        move |pid| println!("process {pid} listens on {path}; try it: nc -U {path}; end it: kill {pid}")
    },
)]
fn main(socket: PathBuf, listener: UnixListener, ready: Ready) -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM])?;
    ready.notify()?;
    thread::spawn(move || {
        signals.forever().next();
        // Until the process ends it has the pid file, so this is nobody else's socket.
        let _ = fs::remove_file(socket);
        process::exit(0);
    });
    for connection in listener.incoming() {
        let _ = connection?.write_all(b"hello\n"); // whoever hangs up too early misses it
    }
    Ok(())
}

/// In the parent, which has the pid file by now: a socket that is there was left by a crash.
fn listen(path: &Path) -> io::Result<UnixListener> {
    if fs::symlink_metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket()) {
        fs::remove_file(path)?;
    }
    // With a `chmod` afterwards others could connect in between. Nothing else makes files in this process.
    let before = umask(Mode::from_bits_truncate(0o117)); // leaves rw-rw----
    let listener = UnixListener::bind(path);
    umask(before);
    listener
}
