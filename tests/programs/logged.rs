//! A daemon with log files and without the attribute. Its argument says what else there is about it.

use std::{
    env,
    error::Error,
    io,
    path::{Path, PathBuf},
};

use godaemon::{Options, Started};

fn main() -> Result<(), Box<dyn Error>> {
    let what = env::args().nth(1).ok_or("what?")?;
    match what.as_str() {
        "captured-stdout" => tried(Options::new().stdout("log").capture_output()),
        "captured-stderr" => tried(Options::new().capture_output().stderr(Path::new("log"))),
        "refused" => tried(Options::new().stdout("no/such/log")),
        "captured-none" => {
            let mut daemon =
                Options::new().stdout(None::<PathBuf>).stderr(None::<&str>).capture_output().daemonize()?;
            let readers = [daemon.take_stdout().is_some(), daemon.take_stderr().is_some()];
            Ok(support::obey_with("up", &[("readers", &format!("{readers:?}"))])?)
        }
        "types" => {
            let _daemon = Options::new().stdout(Some(PathBuf::from("out"))).stderr("err").daemonize()?;
            println!("on stdout");
            eprintln!("on stderr");
            Ok(support::obey("up")?)
        }
        "none" => {
            let _daemon = Options::new().stdout(None::<PathBuf>).stderr(None::<&str>).daemonize()?;
            let reopened = told(&godaemon::reopen_output());
            Ok(support::obey_with("up", &[("reopened", &reopened)])?)
        }
        "start" => start(),
        _ => Err("no such thing to do".into()),
    }
}

/// The daemon that comes of these options has something to complain about: there should be none.
fn tried(options: Options) -> Result<(), Box<dyn Error>> {
    let error = options.daemonize().err().ok_or("this should have failed")?;
    println!("{:?}, {}, {}", error.kind(), error.stage(), error.exit_code());
    eprintln!("{error:#}");
    Ok(())
}

/// A parent that goes on, and that finds nothing to open again: the files are the daemon's.
fn start() -> Result<(), Box<dyn Error>> {
    let before = told(&godaemon::reopen_output());
    match Options::new().stdout("log").stderr("log").start()? {
        Started::Parent(_) => {
            let after = told(&godaemon::reopen_output());
            println!("printed by the parent");
            Ok(support::obey_with("parent", &[("reopened", &before), ("reopened", &after)])?)
        }
        Started::Daemon(_daemon) => {
            println!("printed by the daemon");
            Ok(support::obey("daemon")?)
        }
    }
}

fn told(result: &io::Result<()>) -> String {
    format!("{result:?}")
}
