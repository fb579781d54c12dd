//! What `main` returned, before std sees it: the text of an error goes to the parent, if the daemon is not up yet.
//!
//! Which text an error has depends on its type, which only the generated code knows. A method call takes the first
//! implementation that fits, the one with the most references first: `(&&&&&Outcome(&result)).__godaemon_report()`
//! tries a boxed error, an error, something with `Display`, something with `Debug`, anything. The name is one that no
//! trait in the user's scope has.

use crate::error::texts;
use crate::stage::daemon::link::main_failed;
use std::error::Error;
use std::fmt::{Debug, Display};

pub struct Outcome<'a, T>(pub &'a T);

pub trait ViaBoxedError {
    fn __godaemon_report(&self);
}

impl<T> ViaBoxedError for &&&&Outcome<'_, Result<T, Box<dyn Error>>> {
    fn __godaemon_report(&self) {
        if let Err(error) = self.0 {
            main_failed(texts(&**error));
        }
    }
}

impl<T> ViaBoxedError for &&&&Outcome<'_, Result<T, Box<dyn Error + Send + Sync>>> {
    fn __godaemon_report(&self) {
        if let Err(error) = self.0 {
            main_failed(texts(&**error));
        }
    }
}

pub trait ViaError {
    fn __godaemon_report(&self);
}

impl<T, E: Error> ViaError for &&&Outcome<'_, Result<T, E>> {
    fn __godaemon_report(&self) {
        if let Err(error) = self.0 {
            main_failed(texts(error));
        }
    }
}

pub trait ViaDisplay {
    fn __godaemon_report(&self);
}

impl<T, E: Display> ViaDisplay for &&Outcome<'_, Result<T, E>> {
    fn __godaemon_report(&self) {
        if let Err(error) = self.0 {
            // With its causes, as `anyhow::Error` shows them.
            main_failed(vec![format!("{error:#}")]);
        }
    }
}

pub trait ViaDebug {
    fn __godaemon_report(&self);
}

impl<T, E: Debug> ViaDebug for &Outcome<'_, Result<T, E>> {
    fn __godaemon_report(&self) {
        if let Err(error) = self.0 {
            main_failed(vec![format!("{error:?}")]);
        }
    }
}

pub trait ViaNothing {
    fn __godaemon_report(&self);
}

/// What is no `Result` has no text; its status is for the kernel to tell.
impl<T> ViaNothing for Outcome<'_, T> {
    fn __godaemon_report(&self) {}
}
