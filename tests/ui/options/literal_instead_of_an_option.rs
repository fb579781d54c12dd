#[godaemon::main("echod")]
fn main() {}
