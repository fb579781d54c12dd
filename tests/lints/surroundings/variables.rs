//! Values and files called as the generated code calls its own.

mod values {
    /// The daemon.
    #[::godaemon::main(
        values = [
            start = 1, options = start, daemon = options, prepared = daemon, value = prepared, result = value,
            reader = result, file = reader, option = file, drop = option, main = drop, krate = main, core = krate,
            std = core, godaemon = std, __godaemon = godaemon, __GodaemonOptions = __godaemon,
            __godaemon_main = __GodaemonOptions, BEFORE_MAIN = __godaemon_main,
        ],
        umask = start + options + daemon + prepared + value + result + BEFORE_MAIN,
        files = [null = ::std::fs::File::open(::std::format!("{start}{options}{daemon}{prepared}{value}{result}"))?],
        on_ready = move |_| ::std::mem::drop(::std::vec![start, options, daemon, prepared, value, result]),
    )]
    pub(crate) fn main(
        start: u32,
        options: u32,
        daemon: u32,
        _prepared: u32,
        value: u32,
        null: ::std::fs::File,
    ) {
        ::std::mem::drop((::std::vec![start, options, daemon, value], null));
    }
}

mod files {
    use ::std::fs::File;

    /// The daemon.
    #[::godaemon::main(
        files = [
            start = File::open("1")?, options = File::open("2")?, daemon = File::open("3")?,
            prepared = File::open("4")?, value = File::open("5")?, result = File::open("6")?,
            reader = File::open("7")?,
        ],
        capture_output,
    )]
    pub(crate) fn main(
        start: File,
        options: File,
        daemon: File,
        prepared: File,
        value: File,
        result: File,
        reader: File,
        ready: ::godaemon::Ready,
        stdout: ::godaemon::Reader,
    ) {
        ::std::mem::drop((start, options, daemon, prepared, value, result, reader, ready, stdout));
    }
}
