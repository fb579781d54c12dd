#[godaemon::main(on_ready = "up")]
fn main() {}
