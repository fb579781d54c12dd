#[godaemon::main]
fn main();
