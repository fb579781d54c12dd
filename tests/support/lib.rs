//! What the tests of godaemon look at daemons with.
//!
//! A test makes a [`Case`], starts a program in it ([`Launch`]), waits for the parent ([`Outcome`]) and for what the
//! program has to say about itself ([`Puppet`]), and looks at the processes from outside ([`Process`]). Whatever a
//! case started is ended and reaped when the case is dropped. Nothing sleeps: states are waited for, with a deadline
//! that says what did not come ([`wait_until`]).
//!
//! Tests run beside each other as threads of one process, so nothing here changes that process: signals, masks,
//! descriptors, sessions and users are changed by the program `launch`, on its way to becoming the tested one. The one
//! exception is that the test process adopts the orphans of what it started: so it can tell how a daemon ended.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a helper that fails is a test that fails, here and now"
)]
#![allow(missing_docs, reason = "read beside its callers; what a name does not say is written down")]

mod case;
pub mod errors;
pub mod forgery;
mod launch;
mod lock;
mod process;
mod puppet;
mod sys;
mod terminal;
mod wait;

pub use case::Case;
pub use launch::{Launch, Outcome, Running};
pub use lock::{Contender, is_locked};
pub use process::{Descriptor, Process, Stat, signal_set};
pub use puppet::{Puppet, obey, obey_with};
pub use terminal::Terminal;
pub use wait::{wait_for_end, wait_until};

/// The path of a program of this package, by its name.
///
/// A macro, because cargo tells these paths to the tests alone.
#[macro_export]
macro_rules! program {
    ($name:literal) => {
        ::core::env!(::core::concat!("CARGO_BIN_EXE_", $name))
    };
}

/// An ordinary user to become, by number: `nobody` of most systems. It need not be in any database.
pub const NOBODY: u32 = 65534;

/// Whether this test can do what only root can.
pub fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// Says why a test was left out. It then returns, and counts as passed: the harness knows no third answer.
pub fn skip(why: &str) {
    eprintln!("left out: {why}");
}
