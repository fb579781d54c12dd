//! Captured output: every byte that the daemon and its children print comes out of the readers, line by line, up to the
//! last one; and nobody who prints ever suffers for want of a reader, or for what becomes of the lines.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod ended;
mod forwarded;
mod readers;
mod records;
mod stuck;
mod with_tokio;
