#[godaemon::main]
#[test]
fn main() {}
