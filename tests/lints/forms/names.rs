//! The attribute, the crate, and what is bound, by other names.
#![expect(
    clippy::missing_inline_in_public_items,
    clippy::pub_use,
    clippy::question_mark_used,
    reason = "the exports, the functions and the `?` are the user's"
)]

pub mod imported {
    //! `use`.

    use godaemon::main;

    /// The daemon.
    #[main(values = [number = 7])]
    pub fn main(number: u8) {
        drop(vec![number]);
    }
}

pub mod renamed {
    //! `use ... as`.

    use godaemon::main as daemon;

    /// The daemon.
    #[daemon(values = [number = 7])]
    pub fn main(number: u8) {
        drop(vec![number]);
    }
}

pub mod absolute {
    //! `::godaemon`.

    /// The daemon.
    #[::godaemon::main]
    pub fn main() {}
}

pub mod crate_renamed {
    //! `crate = path`, of a name in scope.

    use godaemon as daemons;

    /// The daemon.
    #[daemons::main(crate = daemons, values = [number = 7])]
    pub fn main(number: u8) {
        drop(vec![number]);
    }
}

pub mod crate_exported {
    //! `crate = path`, of a re-export.

    pub mod below {
        //! `super`.

        /// The daemon.
        #[super::daemons::main(crate = super::daemons)]
        pub fn main() {}
    }

    pub mod from_the_root {
        //! `crate`.

        /// The daemon.
        #[crate::names::crate_exported::daemons::main(crate = crate::names::crate_exported::daemons)]
        pub fn main() {}
    }

    pub mod of_itself {
        //! `self`.

        pub use godaemon as daemons;

        /// The daemon.
        #[self::daemons::main(crate = self::daemons)]
        pub fn main() {}
    }

    pub use godaemon as daemons;
}

#[cfg_attr(not(test), expect(clippy::wildcard_imports, reason = "it is the form"))]
pub mod everything_imported {
    //! A glob.

    use godaemon::*;
    use std::io;

    /// The daemon.
    ///
    /// # Errors
    ///
    /// The supervisor cannot be told.
    #[main(capture_output, on_ready = |_| {})]
    pub fn main(stdout: Reader, ready: Ready) -> Result<(), io::Error> {
        drop(stdout);
        ready.notify()
    }
}

pub mod options_imported {
    //! The library's own names beside the attribute's.

    use godaemon::{Daemon, Error, Options, Ready, daemonize};

    /// The daemon.
    #[godaemon::main(values = [options = Options::new(), number = 7])]
    pub fn main(options: Options, ready: Ready, number: u8) {
        drop((options, ready, vec![number]));
        let _: fn() -> Result<Daemon, Error> = daemonize;
    }
}

pub mod raw {
    //! Raw identifiers.

    use crate::user::open;
    use std::{fs::File, os::fd::OwnedFd};

    /// The daemon.
    #[godaemon::main(
        values = [r#type = 7, r#match = r#type, plain = 8],
        files = [r#fn = open("/dev/null")?, r#async = open("/dev/null")?],
        r#umask = r#type,
    )]
    pub fn main(r#type: u32, _match: u32, r#fn: File, mut r#async: File, r#plain: u8) {
        drop((vec![r#type], r#fn, r#async.metadata(), vec![plain]));
        r#async = File::from(OwnedFd::from(r#async));
        drop(r#async);
    }
}

pub mod raw_main {
    //! A raw `main`.

    /// The daemon.
    #[godaemon::main]
    pub fn r#main() {}
}

pub mod numbered {
    //! Names with digits.

    /// The daemon.
    #[godaemon::main(values = [file_1 = 1, file2 = 2])]
    pub fn main(file_1: u8, file2: u8) {
        drop(vec![file_1, file2]);
    }
}

pub mod visible {
    //! Every visibility.

    pub mod everywhere {
        //! `pub`.

        /// The daemon.
        #[godaemon::main]
        pub fn main() {}
    }

    mod in_the_crate {
        //! `pub(crate)`.

        /// The daemon.
        #[godaemon::main]
        pub(crate) fn main() {}
    }

    mod above {
        //! `pub(super)`.

        /// The daemon.
        #[godaemon::main]
        pub(super) fn main() {}
    }

    mod in_a_module {
        //! `pub(in path)`.

        /// The daemon.
        #[godaemon::main]
        pub(in crate::names) fn main() {}
    }

    /// The daemons that are not public.
    pub const DAEMONS: [fn(); 3] = [in_the_crate::main, above::main, in_a_module::main];
}

pub mod exported {
    //! A `main` that is re-exported.

    mod inner {
        //! Where it is.

        /// The daemon.
        #[godaemon::main]
        pub fn main() {}
    }

    pub use inner::main;
}

pub mod nested {
    //! A `main` in a function.

    /// A function.
    pub fn outer() {
        /// The daemon.
        #[godaemon::main(values = [number = 7])]
        fn main(number: u8) {
            drop(vec![number]);
        }
        main();
    }
}
