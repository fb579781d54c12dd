#[godaemon::main]
fn main(_: ...) {}
