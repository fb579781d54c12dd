#[godaemon::main(start_timeout = 30)]
fn main() {}
