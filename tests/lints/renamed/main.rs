//! The dependency has another name, and nothing else is called `godaemon` but a module that is in the way. `main` is
//! one that is imported. The lints are those of `../forms`.
#![forbid(unsafe_code)]
#![deny(warnings, clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction)]
#![allow(unknown_lints, clippy::inline_modules, reason = "of a later version: there is an inline module")]
#![expect(clippy::blanket_clippy_restriction_lints, reason = "about this list")]

mod godaemon {
    //! Nothing that is meant.
}

mod service {
    //! The program.

    use daemons::{Reader, Ready};
    use std::{fs::File, io::Result};

    /// The daemon.
    #[expect(clippy::question_mark_used, reason = "the `?` is the user's")]
    #[daemons::main(
        crate = daemons,
        values = [name = String::from("echod")],
        program_name = &name,
        files = [null = File::open("/dev/null")?],
        on_ready = |_| {},
        capture_output,
    )]
    pub(super) fn main(name: String, null: File, stdout: Reader, ready: Ready) -> Result<()> {
        drop((name, null, stdout));
        ready.notify()
    }
}

use service::main;
