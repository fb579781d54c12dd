//! What the daemon and its children print comes out of readers; here it goes, with the time, into a file.
//!
//! ```text
//! $ cargo run --example capture_output
//! process 4711 prints for a few seconds; see what becomes of it: cat /tmp/capture_output.log
//! ```

use godaemon::Reader;
use std::fs::File;
use std::io::{self, Write};
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
    stdout.forward(into(log.try_clone()?, "out", start))?;
    stderr.forward(into(log, "err", start))?;

    for number in 1..=3 {
        println!("this is number {number}");
        thread::sleep(Duration::from_secs(1));
    }
    Command::new("sh").args(["-c", "echo children are captured, too; echo both streams >&2"]).status()?;
    println!("what was printed last is in the log as well");
    Ok(())
}

/// Writes each line with its time into the log. Each arrives whole, so those of the two streams never mix.
fn into(mut log: File, stream: &str, start: Instant) -> impl FnMut(&[u8]) {
    move |line| {
        let head = format!("{:6.3} {stream}: ", start.elapsed().as_secs_f64());
        // There is nobody to tell that the log cannot be written.
        let _ = log.write_all(&[head.as_bytes(), line, b"\n"].concat());
    }
}

fn log_path() -> PathBuf {
    env::temp_dir().join("capture_output.log")
}
