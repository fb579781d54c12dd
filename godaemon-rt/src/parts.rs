//! What only some programs need: half of the library's code. The rest reaches it by the functions here and by no other
//! way, so that the linker leaves out what no option asks for.
#![allow(missing_docs, missing_debug_implementations, reason = "only generated code sees it")]

use crate::capture::{self, Reader};
use crate::channel::Malformed;
use crate::error::Error;
use crate::identity::{self, Id, Identity};
use crate::log_files::{self, Creation, LogFile};
use crate::pid_file::claim::Claim;
use crate::stage::daemon;
use crate::stdio::Null;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// The parts that the options of a program may ask for: named at the beginning of its `main`, so that the parent has
/// them, which is asked, and the daemon, which does what was asked for.
#[derive(Clone, Copy)]
#[allow(clippy::type_complexity, reason = "these are signatures of functions")]
pub struct Parts {
    /// Captures both streams of the daemon.
    pub(crate) capture: fn(&Null) -> Result<[Reader; 2], Error>,
    /// Takes the pid file, in the parent.
    pub(crate) take_pid_file: fn(&Path) -> Result<Claim, Error>,
    /// Takes it over, in the daemon.
    pub(crate) take_over_pid_file: fn(OwnedFd, PathBuf) -> Result<Claim, Error>,
    /// Opens the log files for standard output and standard error, in the parent.
    pub(crate) open_log_files: fn([Option<PathBuf>; 2], Creation) -> Result<Vec<LogFile>, Error>,
    /// Makes them the streams of the daemon.
    pub(crate) put_log_files: fn(Vec<LogFile>, Creation) -> Result<(), Error>,
    /// Looks up user and group, in the parent.
    pub(crate) look_up: fn(Option<Id>, Option<Id>) -> Result<Option<Identity>, Error>,
    /// Becomes them, in the daemon or in the foreground.
    pub(crate) assume: fn(&Identity) -> Result<(), Error>,
}

impl Parts {
    /// For a program without these options: what is not asked for is nothing.
    pub const NONE: Parts = Parts {
        capture: |_| Err(left_out()),
        take_pid_file: |_| Err(left_out()),
        take_over_pid_file: |_, _| Err(left_out()),
        open_log_files: |paths, _| match paths {
            [None, None] => Ok(Vec::new()),
            _ => Err(left_out()),
        },
        put_log_files: |files, _| if files.is_empty() { Ok(()) } else { Err(left_out()) },
        look_up: |user, group| match (user, group) {
            (None, None) => Ok(None),
            _ => Err(left_out()),
        },
        assume: |_| Err(left_out()),
    };

    /// For a program whose options are known when it runs.
    pub(crate) const ALL: Parts = Parts::NONE.capture_output().pid_file().stdout().user();

    #[must_use]
    pub const fn capture_output(self) -> Parts {
        Parts { capture: capture::both, ..self }
    }

    #[must_use]
    pub const fn pid_file(self) -> Parts {
        Parts { take_pid_file: Claim::take, take_over_pid_file: Claim::take_over, ..self }
    }

    #[must_use]
    pub const fn stdout(self) -> Parts {
        Parts { open_log_files: log_files::open_all, put_log_files: log_files::put_in_place, ..self }
    }

    #[must_use]
    pub const fn stderr(self) -> Parts {
        self.stdout()
    }

    #[must_use]
    pub const fn user(self) -> Parts {
        Parts { look_up: identity::look_up, assume: Identity::assume, ..self }
    }

    #[must_use]
    pub const fn group(self) -> Parts {
        self.user()
    }
}

/// Who asks for a part has named it; so this comes from no parent of ours.
#[cold]
fn left_out() -> Error {
    daemon::cannot_take_over(Malformed.into())
}
