//! A program without the attribute that changes who it is before it wants to be a daemon.

use std::{env, error::Error, fs::File};

use godaemon::Options;
use nix::unistd::{Gid, Uid, getuid, setegid, seteuid, setuid};
use support::NOBODY;

fn main() -> Result<(), Box<dyn Error>> {
    // A copy that takes itself for a parent, and starts others: not for ever.
    File::create_new("begun")?;
    match env::args().nth(1).as_deref() {
        // As a set-user-ID program does when it needs its privileges no longer.
        Some("real-user") => setuid(getuid())?,
        Some("effective-user") => seteuid(Uid::from_raw(NOBODY))?,
        Some("effective-group") => setegid(Gid::from_raw(NOBODY))?,
        _ => return Err("become who?".into()),
    }
    let error = Options::new().daemonize().err().ok_or("this should have failed")?;
    println!("{:?}, {}, {}", error.kind(), error.stage(), error.exit_code());
    Ok(())
}
