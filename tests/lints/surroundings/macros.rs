//! Macros of the names of those that the generated code could call.
#![allow(unused_macros, reason = "they are there to be in the way")]

macro_rules! quote {
    ($($any:tt)*) => {
        ::std::compile_error!("not meant")
    };
}
macro_rules! cfg {
    ($($any:tt)*) => {
        ::std::compile_error!("not meant")
    };
}
macro_rules! all {
    ($($any:tt)*) => {
        ::std::compile_error!("not meant")
    };
}
macro_rules! main {
    ($($any:tt)*) => {
        ::std::compile_error!("not meant")
    };
}
macro_rules! __godaemon {
    ($($any:tt)*) => {
        ::std::compile_error!("not meant")
    };
}
/// The daemon.
#[::godaemon::main(values = [text = ::std::string::String::new()])]
pub(crate) fn main(_text: ::std::string::String) {}
