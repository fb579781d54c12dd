//! SIGHUP makes it read its configuration again, and a faulty one changes nothing.
//!
//! ```text
//! $ echo 60 >interval
//! $ cargo run --example reload -- interval
//! process 4711 tells /home/me/interval.log; read it again: kill -HUP 4711; end it: kill 4711
//! $ echo soon >interval; kill -HUP 4711; sleep 1; cat interval.log
//! the interval is 60 s
//! the interval stays 60 s: /home/me/interval: invalid digit found in string
//! ```

use godaemon::Ready;
use signal_hook::consts::{SIGHUP, SIGTERM};
use signal_hook::iterator::Signals;
use std::error::Error;
use std::path::{self, Path, PathBuf};
use std::{env, fs};

#[godaemon::main(
    // Absolute, because `main` runs in `/`.
    values = [path = path::absolute(env::args_os().nth(1).ok_or("expected a file")?)?],
    stdout = path.with_extension("log"),
    stderr = path.with_extension("log"),
    on_ready = {
        let log = path.with_extension("log").display().to_string();
        move |pid| println!("process {pid} tells {log}; read it again: kill -HUP {pid}; end it: kill {pid}")
    },
)]
fn main(path: PathBuf, ready: Ready) -> Result<(), Box<dyn Error>> {
    let mut signals = Signals::new([SIGHUP, SIGTERM])?;
    let mut interval = load(&path)?; // a faulty one is told at the terminal
    println!("the interval is {interval} s");
    ready.notify()?; // only now is the number told: a SIGHUP would have ended the daemon before
    for _ in signals.forever().take_while(|&signal| signal == SIGHUP) {
        // Where other threads use it, it is in an `RwLock`, or in an `ArcSwap` of the crate `arc-swap`.
        match load(&path) {
            Ok(new) => interval = new,
            Err(error) => eprintln!("the interval stays {interval} s: {error}"),
        }
        println!("the interval is {interval} s");
    }
    Ok(())
}

/// All of it, checked, or nothing.
fn load(path: &Path) -> Result<u64, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    text.trim().parse().map_err(|error| format!("{}: {error}", path.display()))
}
