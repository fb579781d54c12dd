//! A daemon with a pid file, which stops wherever a test wants to look at it, and ends as the test wants it to.
//!
//!     keeper PATH
//!
//! The environment says what else there is:
//!
//! * `STOPS` names points, with commas between them: `files` in the parent, `body` and `up` in the daemon. Without `up`
//!   it goes on until somebody ends it.
//! * `FOREGROUND`, `DEAF` (it hears no SIGTERM), `THREAD` (the last point is on another thread): those that are set
//!   count.
//! * `FORK` is what a child does that runs no program of its own: it `exits`, or it `stays`.
//! * `SOCKET` is a path at which the parent listens, after it has removed what is there. The daemon tells everybody who
//!   connects its number.
//! * `AS` is the number of the user, and of the group, that the daemon becomes.
//! * `LIMIT` is how long the start may take, in milliseconds.
//! * `ALONE` is a path at which there may be nothing, as long as this daemon is up. It ends soon.
#![allow(unsafe_code, reason = "only C offers `fork`")]

use std::{
    env,
    error::Error,
    fs::{self, File},
    io::{self, Write},
    num::ParseIntError,
    os::unix::net::UnixListener,
    path::PathBuf,
    process,
    sync::Arc,
    thread,
    time::Duration,
};

use godaemon::Ready;
use nix::{
    sys::wait::waitpid,
    unistd::{ForkResult, Pid, fork},
};
use signal_hook::consts::SIGTERM;

#[godaemon::main(
    values = [wishes = Wishes::read()?],
    pid_file = &wishes.path,
    foreground = wishes.foreground,
    start_timeout = wishes.limit,
    user = wishes.user,
    group = wishes.user,
    files = [listener = listen(&wishes)?],
    on_ready = |pid| println!("{pid}"),
)]
fn main(wishes: Wishes, listener: Option<UnixListener>, ready: Ready) -> Result<(), Box<dyn Error>> {
    if let Some(listener) = listener {
        thread::spawn(move || tell_number(&listener));
    }
    if env::var_os("DEAF").is_some() {
        signal_hook::flag::register(SIGTERM, Arc::default())?;
    }
    wishes.stop("body")?;
    let alone = env::var_os("ALONE");
    if let Some(alone) = &alone {
        File::create_new(alone)?;
    }
    ready.notify()?;
    match env::var("FORK").as_deref() {
        Ok("exits") => fork_one(|| process::exit(0)).and_then(|child| waitpid(child, None)).map(drop)?,
        Ok("stays") => drop(fork_one(wait_for_ever)?),
        _ => {}
    }
    if let Some(alone) = alone {
        return Ok(fs::remove_file(alone)?);
    }
    if !wishes.has("up") {
        wait_for_ever();
    }
    match env::var_os("THREAD") {
        Some(_) => thread::spawn(move || wishes.stop("up")).join().map_err(|_| "the thread panicked")??,
        None => wishes.stop("up")?,
    }
    Ok(())
}

struct Wishes {
    path: PathBuf,
    socket: Option<PathBuf>,
    stops: String,
    foreground: bool,
    limit: Option<Duration>,
    user: Option<u32>,
}

impl Wishes {
    fn read() -> Result<Self, Box<dyn Error>> {
        let milliseconds =
            |text: String| -> Result<_, ParseIntError> { text.parse().map(Duration::from_millis) };
        Ok(Self {
            path: env::args_os().nth(1).ok_or("which file?")?.into(),
            socket: env::var_os("SOCKET").map(PathBuf::from),
            stops: env::var("STOPS").unwrap_or_default(),
            foreground: env::var_os("FOREGROUND").is_some(),
            limit: env::var("LIMIT").ok().map(milliseconds).transpose()?,
            user: env::var("AS").ok().map(|number| number.parse()).transpose()?,
        })
    }

    fn has(&self, point: &str) -> bool {
        self.stops.split(',').any(|name| name == point)
    }

    fn stop(&self, point: &str) -> Result<(), String> {
        if self.has(point) { support::obey(point) } else { Ok(()) }
    }
}

/// Runs in the parent: as a server does that may find the socket of an instance that was killed.
fn listen(wishes: &Wishes) -> Result<Option<UnixListener>, Box<dyn Error>> {
    wishes.stop("files")?;
    let Some(path) = &wishes.socket else { return Ok(None) };
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(Some(UnixListener::bind(path)?)),
    }
}

fn tell_number(listener: &UnixListener) {
    for connection in listener.incoming() {
        // Whoever called may be gone.
        let _ = connection.and_then(|mut connection| write!(connection, "{}", process::id()));
    }
}

fn wait_for_ever() -> ! {
    loop {
        thread::park();
    }
}

/// The child has all that this process has, and comes back to nothing of it.
fn fork_one(act: fn() -> !) -> nix::Result<Pid> {
    // SAFETY: this process has no other thread at whose lock the child could come to wait.
    match unsafe { fork() }? {
        ForkResult::Child => act(),
        ForkResult::Parent { child } => Ok(child),
    }
}
