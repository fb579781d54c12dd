#[godaemon::main(values = [args = std::env::args()])]
fn main() {}
