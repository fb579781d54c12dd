//! Everything that `main` may return.
#![expect(
    clippy::implicit_return,
    clippy::question_mark_used,
    reason = "the values and the `?` are the user's"
)]

pub mod unit {
    //! Nothing, and says so.

    /// The daemon.
    #[godaemon::main]
    pub fn main() -> () {}
}

pub mod io_result {
    //! An error of std.

    use std::{env::current_dir, io::Result};

    /// The daemon.
    ///
    /// # Errors
    ///
    /// There is no directory.
    #[godaemon::main]
    pub fn main() -> Result<()> {
        current_dir().map(drop)
    }
}

pub mod boxed_error {
    //! Any error.

    use core::error::Error;
    use std::env::current_dir;

    /// The daemon.
    ///
    /// # Errors
    ///
    /// There is no directory.
    #[godaemon::main]
    pub fn main() -> Result<(), Box<dyn Error>> {
        drop(current_dir()?);
        Ok(())
    }
}

pub mod sendable_error {
    //! Any error that can be sent.

    use core::error::Error;
    use std::env::current_dir;

    /// The daemon.
    ///
    /// # Errors
    ///
    /// There is no directory.
    #[godaemon::main]
    pub fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
        drop(current_dir()?);
        Ok(())
    }
}

pub mod told {
    //! An error that is no error of std, as that of `anyhow`.

    use crate::user::Told;

    /// The daemon.
    ///
    /// # Errors
    ///
    /// Always.
    #[godaemon::main]
    pub fn main() -> Result<(), Told> {
        Err(Told)
    }
}

pub mod untold {
    //! An error without a text.

    use crate::user::Untold;

    /// The daemon.
    ///
    /// # Errors
    ///
    /// Always.
    #[godaemon::main]
    pub fn main() -> Result<(), Untold> {
        Err(Untold)
    }
}

pub mod exit_code {
    //! A status.

    use std::process::ExitCode;

    /// The daemon.
    #[godaemon::main]
    pub fn main() -> ExitCode {
        ExitCode::FAILURE
    }
}

pub mod status_or_error {
    //! A status, or an error.

    use std::{env::current_dir, io, process::ExitCode};

    /// The daemon.
    ///
    /// # Errors
    ///
    /// There is no directory.
    #[godaemon::main]
    pub fn main() -> io::Result<ExitCode> {
        current_dir().map(|_| ExitCode::SUCCESS)
    }
}

pub mod termination {
    //! A type of the user's own.

    use crate::user::Status;

    /// The daemon.
    #[godaemon::main]
    pub fn main() -> Status {
        Status
    }
}

pub mod some_termination {
    //! A type that is not told.

    use std::process::{ExitCode, Termination};

    /// The daemon.
    #[godaemon::main]
    pub fn main() -> impl Termination {
        ExitCode::SUCCESS
    }
}

pub mod never {
    //! Does not return.

    use godaemon::Ready;

    /// The daemon.
    #[godaemon::main]
    pub fn main(ready: Ready) -> ! {
        ready.fail("the sky fell")
    }
}

pub mod only_an_error {
    //! Returns only to fail.

    use crate::user::Refusal;
    use core::convert::Infallible;

    /// The daemon.
    ///
    /// # Errors
    ///
    /// Always.
    #[godaemon::main]
    pub fn main() -> Result<Infallible, Refusal> {
        Err(Refusal)
    }
}

pub mod infallible {
    //! Cannot fail.

    use core::convert::Infallible;

    /// The daemon.
    ///
    /// # Errors
    ///
    /// None.
    #[expect(clippy::unnecessary_wraps, reason = "it may fail in another version")]
    #[godaemon::main]
    pub fn main() -> Result<(), Infallible> {
        Ok(())
    }
}

pub mod in_the_body {
    //! A body that returns early, and has items of its own.

    use std::{env::current_dir, io::Result};

    /// The daemon.
    ///
    /// # Errors
    ///
    /// There is no directory.
    #[godaemon::main(values = [number = 7])]
    pub fn main(number: u8) -> Result<()> {
        const SEVEN: u8 = 7;
        if number == SEVEN {
            return Ok(());
        }
        drop(current_dir()?);
        Ok(())
    }
}
