//! What `main` returned, before std sees it: the text of an error goes to the parent, if the daemon is not up yet.
//!
//! Which text an error has depends on its type, which only the generated code knows. A method call takes the first
//! implementation that fits, the one with the most references first: `(&&&&&Outcome(&result)).report()` tries a boxed
//! error, an error, something with `Display`, something with `Debug`, anything.

use crate::error::texts;
use crate::stage::daemon::link::main_failed;
use std::error::Error;
use std::fmt::{Debug, Display};

pub struct Outcome<'a, T>(pub &'a T);

pub trait ViaBoxedError {
    fn report(&self);
}

impl<T> ViaBoxedError for &&&&Outcome<'_, Result<T, Box<dyn Error>>> {
    fn report(&self) {
        if let Err(error) = self.0 {
            main_failed(texts(&**error));
        }
    }
}

impl<T> ViaBoxedError for &&&&Outcome<'_, Result<T, Box<dyn Error + Send + Sync>>> {
    fn report(&self) {
        if let Err(error) = self.0 {
            main_failed(texts(&**error));
        }
    }
}

pub trait ViaError {
    fn report(&self);
}

impl<T, E: Error> ViaError for &&&Outcome<'_, Result<T, E>> {
    fn report(&self) {
        if let Err(error) = self.0 {
            main_failed(texts(error));
        }
    }
}

pub trait ViaDisplay {
    fn report(&self);
}

impl<T, E: Display> ViaDisplay for &&Outcome<'_, Result<T, E>> {
    fn report(&self) {
        if let Err(error) = self.0 {
            // With its causes, as `anyhow::Error` shows them.
            main_failed(vec![format!("{error:#}")]);
        }
    }
}

pub trait ViaDebug {
    fn report(&self);
}

impl<T, E: Debug> ViaDebug for &Outcome<'_, Result<T, E>> {
    fn report(&self) {
        if let Err(error) = self.0 {
            main_failed(vec![format!("{error:?}")]);
        }
    }
}

pub trait ViaNothing {
    fn report(&self);
}

/// What is no `Result` has no text; its status is for the kernel to tell.
impl<T> ViaNothing for Outcome<'_, T> {
    fn report(&self) {}
}
