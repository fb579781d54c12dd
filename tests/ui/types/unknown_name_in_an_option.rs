#[godaemon::main(umask = mask)]
fn main() {}
