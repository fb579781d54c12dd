//! A daemon in whose source every name is taken: what the attribute writes must not mean the program's own things, nor
//! the program's expressions those of the attribute. Most would not compile; the methods below would, and lose what
//! they are given.
#![allow(dead_code, nonstandard_style, reason = "the names are the point")]

use std::{
    error::Error,
    io::{self, BufRead, PipeReader, Read, Write},
};

use godaemon::{Reader, Ready};

const start: u8 = 1;
const options: u8 = 2;
static daemon: u8 = 3;
const prepared: u8 = 4;
static value: u8 = 5;
const stdout: u8 = 6;
static stderr: u8 = 7;
const ready: u8 = 8;
struct result;
mod godaemon_rt {}
mod core {}

struct Start;
struct Prepared;
struct Options;
struct Outcome;
fn Ok() {}

/// For every type, and found before a method of `&mut self`.
trait Namesakes {
    fn is_parent(&self) -> bool {
        false
    }
    fn value<T>(&self, _: &str, _: Result<T, Box<dyn Error>>) -> T {
        unreachable!("a namesake was called")
    }
    fn file<T>(&self, _: &str, file: Result<T, Box<dyn Error>>) -> T {
        file.unwrap_or_else(|_| unreachable!("a namesake was called"))
    }
    fn hand_on<T>(&self, _: &str, _: T) {}
    fn take_stdout(&self) -> Option<Reader> {
        None
    }
    fn take_stderr(&self) -> Option<Reader> {
        None
    }
    fn take_ready(&self) -> Option<Ready> {
        None
    }
    fn report(&self) {}
}

impl<T> Namesakes for T {}

#[godaemon::main(
    values = [text = format!("{start}{options}{daemon}{prepared}{value}{stdout}{stderr}{ready}")],
    files = [pipe = filled(&text)?],
    capture_output,
)]
fn main(
    text: String,
    mut pipe: PipeReader,
    mut _stdout: Reader,
    _ready: Ready,
) -> Result<(), Box<dyn Error>> {
    let (mut piped, mut line) = (String::new(), String::new());
    pipe.read_to_string(&mut piped)?;
    support::obey_with("body", &[("text", &text), ("piped", &piped)])?;
    _ready.notify()?;
    println!("printed");
    _stdout.read_line(&mut line)?;
    Result::Ok(support::obey_with("up", &[("line", &line)])?)
}

/// A pipe with the text in it.
fn filled(text: &str) -> io::Result<PipeReader> {
    let (reader, mut writer) = io::pipe()?;
    writer.write_all(text.as_bytes())?;
    Result::Ok(reader)
}
