#[godaemon::main]
fn run() {}
