//! A daemon that captures its output, and takes one of the two readers.

use std::{error::Error, io::BufRead};

use godaemon::Reader;

#[godaemon::main(capture_output)]
fn main(mut stdout: Reader) -> Result<(), Box<dyn Error>> {
    println!("a line");
    eprintln!("a line that nobody reads");
    let mut line = String::new();
    stdout.read_line(&mut line)?;
    Ok(support::obey_with("body", &[("line", &line)])?)
}
