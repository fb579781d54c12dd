//! Other attributes above and below.

pub mod conditional {
    //! The attribute, on a condition.

    /// The daemon.
    #[cfg_attr(unix, godaemon::main(values = [number = 7], umask = number))]
    pub fn main() {}
}

pub mod on_a_condition {
    //! One `main` or the other.

    /// The daemon.
    #[cfg(unix)]
    #[godaemon::main]
    pub fn main() {}

    /// Not here.
    #[cfg(not(unix))]
    pub fn main() {}
}

pub mod on_a_condition_below {
    //! The condition below.

    /// The daemon.
    #[godaemon::main]
    #[cfg(unix)]
    #[cfg_attr(unix, inline)]
    pub fn main() {}

    /// Not here.
    #[godaemon::main]
    #[cfg(not(unix))]
    pub fn main() {}
}

pub mod lints_above {
    //! Lints that the body and the attribute's expressions raise.

    use crate::user::open;
    use core::str::from_utf8;
    use std::fs::File;

    /// The daemon.
    #[expect(unused_variables, clippy::unwrap_used, clippy::question_mark_used, reason = "raised on purpose")]
    #[godaemon::main(values = [text = from_utf8(b"text").unwrap()], files = [lock = open(text)?])]
    pub fn main(lock: File) {
        let number: u8 = 7;
    }
}

pub mod lints_above_an_expression {
    //! A lint that an expression alone raises.

    use crate::user::secret;
    use std::io::PipeReader;

    /// The daemon.
    #[expect(clippy::unwrap_used, reason = "raised on purpose")]
    #[godaemon::main(files = [input = secret().unwrap()])]
    pub fn main(_input: PipeReader) {}
}

pub mod lints_below {
    //! Lints below.

    /// The daemon.
    #[godaemon::main]
    #[warn(unused_variables)]
    #[deny(unused_mut)]
    #[forbid(unsafe_code)]
    #[expect(clippy::panic, reason = "raised on purpose")]
    pub fn main() {
        panic!("the sky fell");
    }
}

pub mod lints_forbidden {
    //! Lints that what is written must not allow again: that would be an error.

    use crate::user::open;
    use std::fs::File;

    /// The daemon.
    #[forbid(unused, unreachable_code, clippy::too_many_arguments, clippy::redundant_closure_call)]
    #[godaemon::main(values = [number = 7], files = [lock = open("/dev/null").ok()])]
    pub fn main(number: u8, lock: Option<File>) {
        drop((vec![number], lock));
    }
}

pub mod documented {
    /*! Documentation of every kind. */

    /// A line.
    #[doc = "Another."]
    #[godaemon::main]
    /// Below.
    /** A block. */
    #[doc(alias = "daemon")]
    pub fn main() {}
}

pub mod of_functions {
    //! What a function may have.

    /// The daemon.
    #[inline]
    #[godaemon::main(values = [number = 7])]
    #[cold]
    #[track_caller]
    pub fn main(number: u8) {
        drop(vec![number]);
    }
}

pub mod inlined {
    //! Inlined.

    /// The daemon.
    #[godaemon::main]
    #[inline(never)]
    pub fn main() {}
}

pub mod must_use {
    //! What is returned is to be used.

    use std::process::ExitCode;

    /// The daemon.
    #[must_use = "it is the status"]
    #[godaemon::main]
    pub fn main() -> ExitCode {
        ExitCode::SUCCESS
    }
}

pub mod must_use_of_an_error {
    //! What is returned is to be used anyway.

    use crate::user::Refusal;

    /// The daemon.
    ///
    /// # Errors
    ///
    /// Always.
    #[godaemon::main]
    #[must_use = "it is the status"]
    pub fn main() -> Result<(), Refusal> {
        Err(Refusal)
    }
}

pub mod deprecated {
    //! An old program.

    /// The daemon.
    #[deprecated = "there is a newer one"]
    #[godaemon::main]
    pub fn main() {}
}

pub mod deprecated_below {
    //! An old program.

    /// The daemon.
    #[godaemon::main]
    #[deprecated(since = "0.1.0", note = "there is a newer one")]
    pub fn main() {}
}

pub mod instrumented {
    //! With a span of `tracing` around the body.

    use crate::user::Refusal;
    use tracing::instrument;

    /// The daemon.
    ///
    /// # Errors
    ///
    /// Always.
    #[godaemon::main(values = [number = 7])]
    #[instrument(err)]
    pub fn main(number: u8) -> Result<(), Refusal> {
        drop(vec![number]);
        Err(Refusal)
    }
}

pub mod instrumented_above {
    //! With a span of `tracing` around the start.

    /// The daemon.
    #[tracing::instrument]
    #[godaemon::main]
    pub fn main() {}
}

pub mod instrumented_runtime {
    //! With a span of `tracing` inside a runtime.

    use tokio::task::yield_now;

    /// The daemon.
    #[godaemon::main(values = [number = 7])]
    #[tokio::main(flavor = "current_thread")]
    #[tracing::instrument]
    pub async fn main(number: u8) {
        yield_now().await;
        drop(vec![number]);
    }
}

pub mod for_tools {
    //! What clippy and rustfmt look for.

    /// The daemon.
    #[godaemon::main]
    #[rustfmt::skip]
    #[clippy::cognitive_complexity = "7"]
    pub fn main() {}
}
