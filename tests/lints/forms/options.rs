//! Every option, with and without `?`.
#![expect(clippy::question_mark_used, reason = "the `?` are the user's")]

pub mod none {
    //! No parentheses.

    /// The daemon.
    #[godaemon::main]
    pub fn main() {}
}

pub mod empty {
    //! Nothing in the parentheses.

    /// The daemon.
    #[godaemon::main()]
    pub fn main() {}
}

pub mod all {
    //! Literals.

    use core::time::Duration;

    /// The daemon.
    #[godaemon::main(
        program_name = "echod",
        foreground = true,
        pid_file = "/run/echod.pid",
        stdout = "/var/log/echod.log",
        stderr = "/var/log/echod.log",
        working_dir = "/",
        umask = 0o027,
        user = "nobody",
        group = 0xfffe,
        start_timeout = Duration::from_secs(30),
        on_ready = |_| {},
        crate = ::godaemon,
    )]
    pub fn main() {}
}

pub mod of_values {
    //! Values in every option, owned, borrowed and optional.

    use crate::user::{Args, open, parse};
    use core::time::Duration;
    use std::fs::File;

    /// The daemon.
    #[godaemon::main(
        values = [args = parse(), timeout = args.foreground.then_some(Duration::MAX)],
        program_name = &args.name,
        foreground = args.foreground,
        pid_file = &args.path,
        stdout = args.path.as_deref(),
        stderr = args.path.clone(),
        working_dir = format!("/{}", args.name),
        umask = args.mask,
        user = &args.name,
        group = args.mask,
        start_timeout = timeout,
        on_ready = {
            let name = args.name.clone();
            move |pid| drop((name, pid))
        },
        files = [lock = open(&args.name)?],
    )]
    pub fn main(args: Args, lock: File) {
        drop((args, lock));
    }
}

pub mod fallible {
    //! `?` in every option.

    use crate::user::{Args, open, try_parse};
    use core::time::Duration;
    use std::fs::File;

    /// The daemon.
    #[godaemon::main(
        values = [args = try_parse()?, more = try_parse()?.name],
        program_name = try_parse()?.name,
        foreground = try_parse()?.foreground,
        pid_file = try_parse()?.path,
        stdout = try_parse()?.path,
        stderr = try_parse()?.path,
        working_dir = try_parse()?.name,
        umask = try_parse()?.mask,
        user = try_parse()?.name,
        group = try_parse()?.path,
        start_timeout = Duration::from_secs(try_parse()?.mask.into()),
        on_ready = {
            let told = try_parse()?;
            move |_| drop(told)
        },
        files = [lock = open(&more)?],
    )]
    pub fn main(args: Args, lock: File) {
        drop((args, lock));
    }
}

pub mod errors {
    //! Errors that are texts, and a `return`.

    use std::env;

    /// The daemon.
    #[godaemon::main(
        values = [number = env::args().next().ok_or("no name")?.len()],
        umask = u32::try_from(number).map_err(|error| format!("{error}"))?,
        foreground = { if number == 7 { return Err("seven".into()); } false },
    )]
    pub fn main() {}
}

pub mod captured {
    //! Captured output.

    use godaemon::Reader;

    /// The daemon.
    #[godaemon::main(capture_output)]
    pub fn main(stdout: Reader) {
        drop(stdout);
    }
}

pub mod used_by_an_option_only {
    //! A value that an option uses, and no parameter.

    /// The daemon.
    #[godaemon::main(values = [mask = 0o27], umask = mask)]
    pub fn main() {}
}

pub mod used_by_on_ready_only {
    //! A value that `on_ready` uses.

    use crate::user::consume;

    /// The daemon.
    #[godaemon::main(values = [name = String::from("echod")], on_ready = move |_| consume(name))]
    pub fn main() {}
}

pub mod on_ready_that_is_a_function {
    //! A function for `on_ready`.

    /// The daemon.
    #[godaemon::main(on_ready = drop)]
    pub fn main() {}
}

pub mod used_by_a_file_only {
    //! A value that a file uses.

    use crate::user::open;
    use std::fs::File;

    /// The daemon.
    #[godaemon::main(values = [path = String::from("/dev/null")], files = [lock = open(&path)?])]
    pub fn main(_lock: File) {}
}

pub mod used_by_a_value_only {
    //! A value that a value uses.

    /// The daemon.
    #[godaemon::main(values = [path = String::from("/dev/null"), length = path.len()])]
    pub fn main(length: usize) {
        drop(vec![length]);
    }
}

pub mod used_by_a_format_string_only {
    //! A value that is named in a format string.

    /// The daemon.
    #[godaemon::main(values = [name = "echod"], pid_file = format!("/run/{name}.pid"))]
    pub fn main() {}
}

pub mod ends_the_process {
    //! An expression that never has a value: what comes of it is as unreachable as without the attribute.

    use std::{fs::File, process::exit};

    /// The daemon.
    #[expect(unreachable_code, clippy::diverging_sub_expression, reason = "raised on purpose")]
    #[godaemon::main(values = [number = exit(7)], files = [lock = exit(8)], umask = exit(9))]
    pub fn main(number: u8, lock: File) {
        drop((number, lock));
    }
}
