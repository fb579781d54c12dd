//! A daemon that does nothing: what it calls is what the library calls.

#[godaemon::main]
fn main() {}
