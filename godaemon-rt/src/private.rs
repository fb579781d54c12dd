//! What the code that the attribute writes calls: the same steps as [`Options::daemonize`], with the program's
//! expressions in between, and messages instead of errors. No promise is made about it between versions.
#![allow(missing_docs, missing_debug_implementations)]

use crate::error::Error;
use crate::inherit::{HandedOn, Inherit};
use crate::launch;
use crate::options::Options;
use crate::parts::Parts;
use crate::stage::daemon::link;
use crate::stage::daemon::{Daemon, Newcomer};
use crate::stage::parent::{self, Outcome, Plan};
use crate::stage::{self, Role};
use crate::stdio;
use crate::{Reader, Ready};
use std::cell::Cell;
use std::error::Error as StdError;

pub use crate::sys::memory::{BeforeMain, before_main};
// By these names where the user's prelude may be another, and `std` another crate.
pub use std::mem::drop;
pub use std::result::Result::Ok;

/// What an expression of the attribute comes to, so that it can use `?`.
pub type Attempt<T> = Result<T, Box<dyn StdError>>;

/// Options with one more, on the way out of the closure around its expression. There is no other, by `Default` for
/// example, that a `return` in the expression could put in the place of all options.
pub struct With(pub Options);

pub mod outcome;

/// The generated `main`, from its first statement on.
pub struct Start {
    is_parent: bool,
    parts: Parts,
    /// In the daemon, until it settles.
    newcomer: Cell<Option<Newcomer>>,
}

impl Start {
    pub fn new(parts: Parts) -> Start {
        let newcomer = match stage::role() {
            Ok(Role::Parent) => None,
            Ok(Role::Daemon(marker)) => Some(Newcomer::take_over(&marker)),
            Err(error) => exit_with(&error),
        };
        Start { is_parent: newcomer.is_none(), parts, newcomer: Cell::new(newcomer) }
    }

    pub fn is_parent(&self) -> bool {
        self.is_parent
    }

    /// `values = [name = expression, ...]`: values for the other options, and for parameters of `main` of the same name.
    ///
    /// They are computed first in the parent, and again in the daemon, in the directory from which it was started.
    // One of them. Named as the option, because editors show this where somebody points at it.
    pub fn values<T>(&self, name: &str, result: Attempt<T>) -> T {
        result.unwrap_or_else(|why| self.fail(&Error::expression(name, &*why)))
    }

    /// The options with one more.
    pub fn option(&self, name: &str, result: Attempt<With>) -> Options {
        self.values(name, result).0
    }

    pub fn prepare(&self, mut options: Options) -> Prepared {
        match parent::prepare(&mut options, self.parts) {
            Ok(plan) => Prepared { plan },
            Err(error) => exit_with(&error),
        }
    }

    pub fn settle(&self) -> Daemon {
        match self.newcomer.take() {
            Some(newcomer) => newcomer.settle(&self.parts),
            None => unreachable!("the generated code settles once, and only in the daemon"),
        }
    }

    pub fn take<T: Inherit>(&self, daemon: &mut Daemon, name: &str) -> T {
        daemon.take_file(name).unwrap_or_else(|why| self.fail(&Error::system(name, why)))
    }

    fn fail(&self, error: &Error) -> ! {
        if self.is_parent { exit_with(error) } else { link::fail(error) }
    }
}

impl Drop for Start {
    fn drop(&mut self) {
        // It lives as long as the user's `main` runs.
        if !self.is_parent && std::thread::panicking() {
            link::unwinding();
        }
    }
}

/// The parent, with everything but its files.
pub struct Prepared {
    plan: Plan,
}

impl Prepared {
    /// `files = [name = expression, ...]`: files, sockets and pipes for parameters of `main` of the same name.
    ///
    /// They are opened in the parent only, in their order, when everything else is known to be right.
    // One of them, as with `Start::values`.
    pub fn files<T: Inherit>(&mut self, name: &str, result: Attempt<T>) -> T {
        result.unwrap_or_else(|why| exit_with(&Error::expression(name, &*why)))
    }

    pub fn hand_on<T: Inherit>(&mut self, name: &str, value: T) {
        if let Err(error) = self.plan.hand_on(name, HandedOn::new(name, value)) {
            exit_with(&error);
        }
    }

    /// Returns in the foreground only.
    pub fn daemonize(self) -> Daemon {
        match self.plan.carry_out() {
            // Signals stay blocked: the daemon is up, and this process says nothing else.
            Ok(Outcome::Up { .. }) => std::process::exit(0),
            Ok(Outcome::Acting(daemon)) => daemon,
            Err(error) => exit_with(&error),
        }
    }
}

/// The type of a parameter `stdout` or `stderr`.
#[diagnostic::on_unimplemented(
    message = "captured output is a `godaemon::Reader`, not `{Self}`",
    label = "expected `godaemon::Reader`"
)]
pub trait ReaderParameter {
    fn from_reader(reader: Reader) -> Self;
}

impl ReaderParameter for Reader {
    fn from_reader(reader: Reader) -> Reader {
        reader
    }
}

/// The type of a parameter `ready`.
#[diagnostic::on_unimplemented(
    message = "`ready` is a `godaemon::Ready`, not `{Self}`",
    label = "expected `godaemon::Ready`"
)]
pub trait ReadyParameter {
    fn from_ready(ready: Ready) -> Self;
}

impl ReadyParameter for Ready {
    fn from_ready(ready: Ready) -> Ready {
        ready
    }
}

/// The reader that `capture_output` asked for.
pub fn stdout<T: ReaderParameter>(daemon: &mut Daemon) -> T {
    T::from_reader(asked_for(daemon.take_stdout()))
}

/// The reader that `capture_output` asked for.
pub fn stderr<T: ReaderParameter>(daemon: &mut Daemon) -> T {
    T::from_reader(asked_for(daemon.take_stderr()))
}

/// What `wait_for_ready` asked for.
pub fn ready<T: ReadyParameter>(daemon: &mut Daemon) -> T {
    T::from_ready(asked_for(daemon.take_ready()))
}

fn asked_for<T>(handle: Option<T>) -> T {
    handle.unwrap_or_else(|| unreachable!("the generated code takes a handle once, when it has asked for it"))
}

/// Says at the terminal why there is no daemon, and ends the parent.
fn exit_with(error: &Error) -> ! {
    stdio::complain(format!("{}: {error:#}\n", launch::program_name()).as_bytes());
    std::process::exit(error.exit_code().into())
}
