//! The shortest daemon. It does nothing, for a minute:
//!
//! ```text
//! $ cargo run --example minimal
//! $ ps -C minimal -o pid,ppid,sid,tty,args
//! $ pkill minimal
//! ```

use std::{thread, time::Duration};

#[godaemon::main]
fn main() {
    thread::sleep(Duration::from_secs(60));
}
