//! Modules that are called as crates are.

mod alloc {}
mod core {}
mod godaemon {}
mod std {}
mod tokio {}
mod godaemon_rt {}
mod __private {}
mod __godaemon {}

/// The daemon.
#[::godaemon::main(
    values = [text = ::std::string::String::new()],
    files = [null = ::std::fs::File::open("/dev/null")?],
    umask = 7,
)]
pub(crate) fn main(_text: ::std::string::String, _null: ::std::fs::File) -> ::std::io::Result<()> {
    ::std::io::Result::Ok(())
}

mod with_the_attribute {
    mod godaemon {
        pub(crate) use ::godaemon::main;
    }

    /// The daemon.
    #[godaemon::main]
    pub(crate) fn main() {}
}
