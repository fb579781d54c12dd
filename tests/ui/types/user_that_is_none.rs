#[godaemon::main(user = 7.5)]
fn main() {}
