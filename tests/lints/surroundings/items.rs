//! Functions and macros.

mod functions {
    fn start() {}
    fn options() {}
    fn daemon() {}
    fn prepared() {}
    fn value() {}
    fn result() {}
    fn ready() {}
    fn reader() {}
    fn stdout() {}
    fn stderr() {}
    fn drop() {}
    fn before_main() {}
    fn __godaemon() {}

    /// The daemon.
    #[::godaemon::main(
        values = [text = ::std::string::String::new()],
        files = [null = ::std::fs::File::open("/dev/null")?],
        capture_output,
    )]
    pub(crate) fn main(
        _text: ::std::string::String,
        _null: ::std::fs::File,
        _stdout: ::godaemon::Reader,
        _stderr: ::godaemon::Reader,
        _ready: ::godaemon::Ready,
    ) {
        start();
        options();
        daemon();
        prepared();
        value();
        result();
        ready();
        reader();
        stdout();
        stderr();
        drop();
        before_main();
        __godaemon();
    }
}

mod called_as_files_and_values {
    fn lock() -> ::std::io::Result<::std::fs::File> {
        ::std::fs::File::open("/dev/null")
    }
    fn args() -> ::std::string::String {
        ::std::string::String::new()
    }

    /// The daemon.
    #[::godaemon::main(values = [args = args()], files = [lock = lock()?])]
    pub(crate) fn main(args: ::std::string::String, lock: ::std::fs::File) {
        ::std::mem::drop((args, lock));
    }
}
