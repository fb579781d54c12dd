//! What the daemon and its children print comes out of readers; here it goes, with the time, into a file.
//!
//! ```text
//! $ cargo run --example capture_output
//! process 4711 prints for a few seconds; see what becomes of it: cat /tmp/capture_output.log
//! ```

use godaemon::Reader;
use std::fs::File;
use std::io::{self, BufRead, Write};
use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, path::PathBuf, thread};

#[godaemon::main(
    capture_output,
    files = [log = File::create(log_path())?],
    on_ready = |pid| {
        println!("process {pid} prints for a few seconds; see what becomes of it: cat {}", log_path().display());
    },
)]
fn main(log: File, stdout: Reader, stderr: Reader) -> io::Result<()> {
    let start = Instant::now();
    let log_of_errors = log.try_clone()?;
    // A reader that is not read would block the daemon once its pipe is full: each has a thread of its own.
    thread::spawn(move || copy_lines(stdout, log, "out", start));
    thread::spawn(move || copy_lines(stderr, log_of_errors, "err", start));

    for number in 1..=3 {
        println!("this is number {number}");
        thread::sleep(Duration::from_secs(1));
    }
    Command::new("sh").args(["-c", "echo children are captured, too; echo both streams >&2"]).status()?;
    // What was printed last is on its way to the log.
    thread::sleep(Duration::from_millis(100));
    Ok(())
}

/// Each line arrives whole, so those of the two streams never mix.
fn copy_lines(reader: Reader, mut log: File, stream: &str, start: Instant) -> io::Result<()> {
    for line in reader.lines() {
        writeln!(log, "{:6.3} {stream}: {}", start.elapsed().as_secs_f64(), line?)?;
    }
    Ok(())
}

fn log_path() -> PathBuf {
    env::temp_dir().join("capture_output.log")
}
