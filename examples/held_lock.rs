//! A lock that is never let go: the parent takes it, the daemon holds it, and there is no moment in between.
//!
//! ```text
//! $ cargo run --example held_lock
//! process 4711 holds the lock for a minute; end it with: kill 4711
//! $ cargo run --example held_lock
//! held_lock: lock: /tmp/held_lock.lock is locked: another daemon runs
//! ```

#![allow(clippy::incompatible_msrv, reason = "`File::try_lock` needs Rust 1.89, the library 1.87")]

use std::error::Error;
use std::fs::{File, TryLockError};
use std::{env, thread, time::Duration};

#[godaemon::main(
    files = [lock = open_and_lock()?],
    on_ready = |pid| println!("process {pid} holds the lock for a minute; end it with: kill {pid}"),
)]
fn main(_lock: File) {
    thread::sleep(Duration::from_secs(60));
}

/// `File::try_lock` is `flock(2)`: the lock belongs to the open file, which parent and daemon share. A record lock of
/// `fcntl(2)` would belong to the parent, and end with it.
fn open_and_lock() -> Result<File, Box<dyn Error>> {
    let path = env::temp_dir().join("held_lock.lock");
    // Not `File::create`: whoever is refused must not empty the file of the other.
    let file = File::options().append(true).create(true).open(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(format!("{} is locked: another daemon runs", path.display()).into())
        }
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}
