//! What the forms call: the code of a user, and no matter of these lints.
#![expect(
    missing_copy_implementations,
    unnameable_types,
    clippy::restriction,
    clippy::nursery,
    reason = "it stays as it would be without lints"
)]

use core::{
    error::Error,
    fmt::{Display, Formatter, Result as Written},
};
use std::{
    fs::File,
    io::{PipeReader, Result, pipe},
    process::{ExitCode, Termination},
};

/// What is on the command line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Args {
    pub(crate) foreground: bool,
    pub(crate) mask: u32,
    pub(crate) path: Option<String>,
    pub(crate) name: String,
}

/// An error.
#[derive(Debug)]
pub struct Refusal;

impl Display for Refusal {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Written {
        formatter.write_str("refused")
    }
}

impl Error for Refusal {}

/// An error that is none of std's, as that of `anyhow`.
#[derive(Debug)]
pub struct Told;

impl Display for Told {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Written {
        formatter.write_str("told")
    }
}

/// An error without a text.
#[derive(Debug)]
pub struct Untold;

/// How a program ended.
#[derive(Debug)]
pub struct Status;

impl Termination for Status {
    fn report(self) -> ExitCode {
        ExitCode::SUCCESS
    }
}

pub(crate) fn parse() -> Args {
    Args::default()
}

pub(crate) fn try_parse() -> core::result::Result<Args, Refusal> {
    Err(Refusal)
}

pub(crate) fn open(name: &str) -> Result<File> {
    File::open(name)
}

pub(crate) fn open_all(names: &[&str]) -> Result<Vec<File>> {
    names.iter().map(File::open).collect()
}

pub(crate) fn secret() -> Result<PipeReader> {
    pipe().map(|(reader, _)| reader)
}

pub(crate) fn consume<T>(_: T) {}
