#[godaemon::main(values = [log = std::env::args().nth(1)], stdout = log, stderr = log)]
fn main() {}
