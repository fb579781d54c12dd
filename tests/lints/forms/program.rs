//! The attribute where a program has it, on the `main` of the crate, and tests beside it. The lints are those of
//! `lib.rs`.
#![forbid(unsafe_code)]
#![deny(warnings, clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction)]
#![allow(unknown_lints, clippy::inline_modules, reason = "of a later version: there is an inline module")]
#![expect(clippy::blanket_clippy_restriction_lints, reason = "about this list")]

use godaemon::Ready;
use std::{fs::File, io::Result};

/// The daemon.
#[expect(clippy::question_mark_used, reason = "the `?` is the user's")]
#[godaemon::main(
    values = [name = String::from("echod")],
    program_name = &name,
    files = [null = File::open("/dev/null")?],
    on_ready = |_| {},
)]
fn main(name: String, null: File, ready: Ready) -> Result<()> {
    drop((name, null));
    ready.notify()
}

#[cfg(test)]
mod tests {
    //! A program may have tests, and they a `main`.

    use godaemon::{Stage, stage};
    use std::io::Result;

    /// The daemon.
    #[godaemon::main(values = [number = 7])]
    fn main(number: u8) {
        drop(vec![number]);
    }

    /// A function like any other.
    const MAIN: fn() = main;

    /// That of the program, too.
    const PROGRAM: fn() -> Result<()> = super::main;

    #[test]
    fn a_program_that_runs_its_tests_starts_no_daemon() {
        drop((vec![MAIN], vec![PROGRAM]));
        assert_eq!(stage(), Stage::Parent, "the harness has its own `main`");
    }
}
