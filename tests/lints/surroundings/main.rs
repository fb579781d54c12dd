//! Programs in which names mean something else than usual: what the attribute writes means the same in all of them.
//!
//! They have to compile, for both editions, and are not run (`tests/namesakes.rs` runs one such program). A new
//! surrounding is a module with a `main` in it. None has a prelude, so nothing here can lean on one.
#![no_implicit_prelude]
#![deny(warnings)]
#![allow(dead_code, nonstandard_style, clippy::all, reason = "names are the point")]

mod constants;
mod items;
mod macros;
mod modules;
mod prelude;
mod traits;
mod types;
mod variables;

/// Without a prelude.
#[::godaemon::main(
    values = [name = ::std::string::String::new(), number = seven()?],
    program_name = &name,
    umask = number,
    on_ready = |_| {},
    files = [null = ::std::fs::File::open("/dev/null")?],
    capture_output,
)]
fn main(
    name: ::std::string::String,
    null: ::std::fs::File,
    ready: ::godaemon::Ready,
    _stdout: ::godaemon::Reader,
) -> ::std::io::Result<()> {
    ::std::mem::drop((name, null));
    ready.notify()
}

fn seven() -> ::std::io::Result<u32> {
    ::std::io::Result::Ok(7)
}
