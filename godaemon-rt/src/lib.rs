//! The stage machine of [`godaemon`](https://docs.rs/godaemon), which re-exports everything here and has the
//! documentation. Depend on that crate.
//!
//! | process | starts | does | its code |
//! |---|---|---|---|
//! | parent | the first child | prepares, waits until it knows how the start went, exits | `stage/parent.rs` |
//! | first child | the daemon | leads the new session, waits beside the daemon until it is up | `stage/child.rs` |
//! | daemon | | settles, runs the program | `stage/daemon.rs` |
//!
//! Each is the same executable, started by `exec`; the stage travels in the environment (`marker.rs`) and is
//! recognised before `main` (`stage.rs`), everything else through a socket (`channel.rs`). What touches the system is
//! in `sys`.

// Elsewhere there is nothing here, and `godaemon` says so.
#![cfg(unix)]

mod capture;
mod channel;
mod error;
mod identity;
mod inherit;
mod launch;
mod log_files;
mod marker;
mod opening;
mod options;
mod parts;
mod pid_file;
mod private;
mod ready;
mod stage;
mod stdio;
mod sys;

#[doc(hidden)]
pub mod __private {
    //! What generated code calls. No promise is made about it.
    pub use crate::parts::Parts;
    pub use crate::private::{
        Attempt, BeforeMain, Ok, Prepared, ReaderParameter, ReadyParameter, Start, With, before_main, drop,
        outcome, ready, stderr, stdout,
    };
}

pub use crate::capture::{Reader, close_output};
pub use crate::error::{Error, ErrorKind};
pub use crate::inherit::{Inherit, InheritFd};
pub use crate::launch::{launch_dir, read_link, supervised};
pub use crate::log_files::reopen_output;
pub use crate::options::{
    IdArg, IntoId, IntoName, IntoPath, IntoTimeout, NameArg, Options, PathArg, Started, daemonize,
};
pub use crate::pid_file::PidFile;
pub use crate::ready::Ready;
pub use crate::stage::daemon::Daemon;
pub use crate::stage::{Stage, stage};
