//! A daemon that prints into a log file, and opens it anew on SIGHUP: what was renamed meanwhile is left alone.
//!
//! ```text
//! $ cargo run --example log_files -- app.log
//! process 4711 prints into app.log; after a rotation: kill -HUP 4711; end it: kill 4711
//! $ mv app.log app.log.1; kill -HUP 4711; sleep 1; head -n 1 app.log
//! line 93
//! ```
//!
//! With this in `/etc/logrotate.d`, logrotate does the same every week, and keeps four files. It creates none itself:
//!
//! ```text
//! /var/log/app.log {
//!     weekly
//!     rotate 4
//!     missingok
//!     nocreate
//!     postrotate
//!         pkill -HUP -x log_files || true
//!     endscript
//! }
//! ```

use godaemon::Ready;
use signal_hook::consts::{SIGHUP, SIGTERM};
use signal_hook::iterator::Signals;
use std::{env, io, path::PathBuf, thread, time::Duration};

#[godaemon::main(
    // Two equal paths are one open file. A relative one means what it means to the user.
    stdout = log_path(),
    stderr = log_path(),
    on_ready = |pid| {
        let path = log_path();
        println!("process {pid} prints into {}; after a rotation: kill -HUP {pid}; end it: kill {pid}", path.display());
    },
)]
fn main(ready: Ready) -> io::Result<()> {
    let mut signals = Signals::new([SIGHUP, SIGTERM])?;
    ready.notify()?; // only now is the number told: a SIGHUP would have ended the daemon before
    thread::spawn(|| {
        for number in 1_u64.. {
            println!("line {number}");
            thread::sleep(Duration::from_millis(100));
        }
    });

    for signal in signals.forever().take_while(|&signal| signal == SIGHUP) {
        // If it fails the old file stays, and says so.
        if let Err(error) = godaemon::reopen_output() {
            eprintln!("signal {signal}: {error}");
        }
    }
    Ok(())
}

fn log_path() -> PathBuf {
    env::args_os().nth(1).map_or_else(|| env::temp_dir().join("log_files.log"), PathBuf::from)
}
