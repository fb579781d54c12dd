#[godaemon::main]
fn main(number u8) {}
