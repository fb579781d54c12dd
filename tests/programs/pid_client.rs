//! What another program does with a pid file. It prints what came of it.
//!
//!     pid_client running PATH
//!     pid_client signal PATH NUMBER
//!     pid_client stop PATH MILLISECONDS
//!     pid_client queries PATH
//!
//! The last one asks all the time, until somebody ends it.

use std::{env, error::Error, fmt::Debug, io, time::Duration};

use godaemon::PidFile;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<_> = env::args().skip(1).collect();
    let args: Vec<_> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["running", path] => print(PidFile::new(path).running()),
        ["signal", path, number] => print(PidFile::new(path).signal(number.parse()?)),
        ["stop", path, time] => print(PidFile::new(path).stop(Duration::from_millis(time.parse()?))),
        ["queries", path] => ask_for_ever(&PidFile::new(path))?,
        _ => return Err("no such thing to do".into()),
    }
    Ok(())
}

fn print<T: Debug>(result: io::Result<T>) {
    println!("{:?}", result.map_err(|error| error.kind()));
}

/// Reports when it has begun.
fn ask_for_ever(pid_file: &PidFile) -> Result<(), Box<dyn Error>> {
    pid_file.running()?;
    support::obey("asking")?;
    loop {
        pid_file.running()?;
    }
}
