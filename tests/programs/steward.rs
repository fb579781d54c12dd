//! A program that has a daemon with a pid file started, without the attribute, and goes on.
//!
//!     steward WHAT PATH

use std::{
    env,
    error::Error,
    fs::File,
    path::{Path, PathBuf},
    process,
    thread::{self, ScopedJoinHandle},
};

use godaemon::{Options, PidFile, Stage, Started};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args_os().skip(1);
    let what = args.next().and_then(|what| what.into_string().ok()).ok_or("what?")?;
    let path = PathBuf::from(args.next().ok_or("which file?")?);
    match what.as_str() {
        "starts" => starts(options(path)),
        "fails-in-parent" => fails(options(path).file_with("file", || File::open("no such file"))),
        "fails-in-daemon" => fails(options(path).wait_for_ready()),
        "fails-at-exec" => fails(options(path).program_name("x".repeat(1 << 20))),
        "ends-late" => ends_late(options(path)),
        "exits-meanwhile" => exits_meanwhile(options(path)),
        "starts-at-once" => starts_at_once(&path),
        "starts-after-a-failure" => starts_after_a_failure(path),
        "foreground" => foreground(path),
        _ => Err("no such thing to do".into()),
    }
}

fn options(path: PathBuf) -> Options {
    Options::new().pid_file(path)
}

fn starts(options: Options) -> Result<(), Box<dyn Error>> {
    match options.start()? {
        Started::Parent(pid) => Ok(support::obey_with("parent", &[("started", &pid.to_string())])?),
        Started::Daemon(daemon) => {
            // That it is up does not hang on this value.
            drop(daemon);
            Ok(support::obey("daemon")?)
        }
    }
}

/// The parent says why, and goes on.
fn fails(options: Options) -> Result<(), Box<dyn Error>> {
    match options.start() {
        Ok(Started::Parent(_)) => Err("this should have failed".into()),
        Ok(Started::Daemon(mut daemon)) => daemon.take_ready().ok_or("no `Ready`")?.fail("no luck"),
        Err(error) => {
            let about = format!("{:?}, {}, {}", error.kind(), error.stage(), error.exit_code());
            let text = format!("{error:#}");
            drop(error);
            Ok(support::obey_with("parent", &[("about", &about), ("text", &text)])?)
        }
    }
}

/// What is to be done at the end of the process is older than anything that the library could do.
#[allow(unsafe_code, reason = "what C libraries do")]
fn ends_late(options: Options) -> Result<(), Box<dyn Error>> {
    extern "C" fn act() {
        // The parent ends otherwise.
        let _ = support::obey("end");
    }
    // SAFETY: the function can be called at any time.
    unsafe { libc::atexit(act) };
    let _daemon = options.daemonize()?;
    Ok(())
}

/// A thread of the parent ends it while the other one waits for the daemon.
fn exits_meanwhile(options: Options) -> Result<(), Box<dyn Error>> {
    if godaemon::stage() == Stage::Parent {
        thread::spawn(|| {
            // An error would be an order to fail, which nobody gives here.
            let _ = support::obey("parent");
            process::exit(7);
        });
    }
    let mut daemon = options.wait_for_ready().daemonize()?;
    support::obey("daemon")?;
    Ok(daemon.take_ready().ok_or("no `Ready`")?.notify()?)
}

/// Eight threads want the same.
fn starts_at_once(path: &Path) -> Result<(), Box<dyn Error>> {
    if godaemon::stage() == Stage::Daemon {
        return starts(options(path.to_owned()));
    }
    let outcomes: Vec<_> = thread::scope(|scope| {
        let start = || options(path.to_owned()).start();
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
        threads.into_iter().map(ScopedJoinHandle::join).collect()
    });
    for outcome in outcomes {
        match outcome.map_err(|_| "a thread panicked")? {
            Ok(started) => println!("{started:?}"),
            Err(error) => println!("{:?}", error.kind()),
        }
    }
    Ok(())
}

/// Every daemon comes out of the first call. What it finds there says which start it belongs to.
fn starts_after_a_failure(path: PathBuf) -> Result<(), Box<dyn Error>> {
    let failing = options(path.clone()).wait_for_ready();
    if godaemon::stage() == Stage::Daemon {
        let mut daemon = failing.daemonize()?;
        return match daemon.take_ready() {
            Some(ready) => ready.fail("no luck"),
            None => Ok(support::obey("daemon")?),
        };
    }
    let error = failing.start().err().ok_or("this should have failed")?;
    println!("{error:#}");
    // While the error is still there, with all that is in it.
    let Started::Parent(pid) = options(path).start()? else { return Err("this was the parent".into()) };
    println!("{pid}");
    drop(error);
    Ok(())
}

fn foreground(path: PathBuf) -> Result<(), Box<dyn Error>> {
    let _daemon = options(path.clone()).foreground(true).daemonize()?;
    // What opens and closes the file takes nothing from the lock.
    let running = format!("{:?}", PidFile::new(path).running()?);
    support::obey_with("body", &[("running", &running)])?;
    process::exit(3);
}
