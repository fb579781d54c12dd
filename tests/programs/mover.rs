//! A daemon whose value moves to the directory `away`. Its parent prints what it takes for the launch directory.

use std::{env, error::Error, path::PathBuf};

use godaemon::Stage;

#[godaemon::main(values = [seen = move_away()?])]
fn main(seen: PathBuf) -> Result<(), Box<dyn Error>> {
    Ok(support::obey_with("body", &[("seen", &seen.display().to_string())])?)
}

/// The directory before.
fn move_away() -> Result<PathBuf, Box<dyn Error>> {
    let seen = env::current_dir()?;
    env::set_current_dir("away")?;
    if godaemon::stage() == Stage::Parent {
        println!("{}", godaemon::launch_dir().ok_or("no launch directory")?.display());
    }
    Ok(seen)
}
