//! A daemon that stops wherever a test wants to look at it, or wants something to go wrong.
//!
//! The environment variable `STOPS` names the points, with commas between them; `LIMIT` says how long the start may
//! take, in milliseconds.

use std::{env, error::Error, fs::File, os::fd::AsRawFd, time::Duration};

use godaemon::{Ready, Stage};

#[godaemon::main(
    values = [points = values()?],
    start_timeout = limit()?,
    files = [file = file(&points)?],
    on_ready = |pid| println!("up: {pid}"),
)]
fn main(points: Points, file: File, ready: Ready) -> Result<(), Box<dyn Error>> {
    points.stop("body", Some(&file))?;
    ready.notify()?;
    points.stop("up", Some(&file))?;
    Ok(())
}

struct Points(Vec<String>);

impl Points {
    fn stop(&self, point: &str, file: Option<&File>) -> Result<(), String> {
        if !self.0.iter().any(|name| name == point) {
            return Ok(());
        }
        let number = file.map(|file| file.as_raw_fd().to_string());
        support::obey_with(point, &number.iter().map(|number| ("file", number.as_str())).collect::<Vec<_>>())
    }
}

fn limit() -> Result<Option<Duration>, Box<dyn Error>> {
    let limit = env::var_os("LIMIT").map(|limit| limit.to_string_lossy().parse().map(Duration::from_millis));
    Ok(limit.transpose()?)
}

/// Runs in the parent and in the daemon.
fn values() -> Result<Points, String> {
    let stops = env::var("STOPS").unwrap_or_default();
    let points = Points(stops.split(',').map(str::to_owned).collect());
    let point = if godaemon::stage() == Stage::Parent { "parent's values" } else { "daemon's values" };
    points.stop(point, None)?;
    Ok(points)
}

/// Runs in the parent, just before it starts anything.
fn file(points: &Points) -> Result<File, Box<dyn Error>> {
    let file = File::open("/dev/null")?;
    points.stop("files", Some(&file))?;
    Ok(file)
}
