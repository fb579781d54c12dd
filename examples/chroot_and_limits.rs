//! A daemon in a directory that it cannot leave, as another user, with limits of its own. Root starts it.
//!
//! ```text
//! # mkdir /tmp/empty
//! # cargo run --example chroot_and_limits -- /tmp/empty nobody
//! process 4711 sees 0 files in / and can open 64; end it with: kill 4711
//! ```

use godaemon::Ready;
use nix::sys::resource::{Resource, setrlimit};
use nix::unistd::{self, User};
use signal_hook::consts::SIGTERM;
use signal_hook::iterator::Signals;
use std::error::Error;
use std::path::{self, PathBuf};
use std::{env, fs, process};

#[godaemon::main(
    values = [root = path::absolute(argument(1)?)?, user = user(&argument(2)?)?],
    pid_file = "/run/chroot_and_limits.pid",
)]
fn main(root: PathBuf, user: User, ready: Ready) -> Result<(), Box<dyn Error>> {
    setrlimit(Resource::RLIMIT_NOFILE, 64, 64)?;
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?; // its memory is nobody's business

    // In this order, and before the first thread.
    unistd::chroot(&root)?;
    env::set_current_dir("/")?; // until here it is still outside
    unistd::setgroups(&[user.gid])?;
    unistd::setgid(user.gid)?;
    unistd::setuid(user.uid)?; // last: with it the rights for all the others are gone

    let mut signals = Signals::new([SIGTERM])?;
    let (pid, count) = (process::id(), fs::read_dir("/")?.count());
    eprintln!("process {pid} sees {count} files in / and can open 64; end it with: kill {pid}");
    ready.notify()?;
    signals.forever().next();
    Ok(())
}

fn argument(number: usize) -> Result<String, &'static str> {
    env::args().nth(number).ok_or("expected a directory and a user")
}

/// Looked up where there is an `/etc/passwd`.
fn user(name: &str) -> Result<User, Box<dyn Error>> {
    User::from_name(name)?.ok_or_else(|| format!("nobody here is called {name}").into())
}
