//! Types, variants and functions called as those of the prelude.

pub(crate) enum Answer {
    Ok,
    Err,
    Some,
    None,
}
#[allow(unused_imports, reason = "they are there to be in the way")]
use self::Answer::*;

pub(crate) struct Result;
pub(crate) struct Option;
pub(crate) struct Box;
pub(crate) struct String;
pub(crate) struct Vec;
pub(crate) trait Fn {}
pub(crate) trait FnOnce {}
pub(crate) trait Drop {}
pub(crate) trait Into {}
pub(crate) trait From {}
pub(crate) trait Sized {}
pub(crate) trait Send {}
pub(crate) fn drop() {}
pub(crate) struct u8;
pub(crate) struct u32;
pub(crate) struct bool;
pub(crate) struct str;

/// The daemon.
#[::godaemon::main(
    values = [text = ::std::string::String::new()],
    files = [null = ::std::fs::File::open("/dev/null")?],
    capture_output,
    umask = 7,
    foreground = text.is_empty(),
    on_ready = |_| {},
)]
pub(crate) fn main(
    text: ::std::string::String,
    null: ::std::fs::File,
    _stdout: ::godaemon::Reader,
    _ready: ::godaemon::Ready,
) -> ::std::io::Result<()> {
    ::std::mem::drop((text, null));
    ::std::io::Result::Ok(())
}
