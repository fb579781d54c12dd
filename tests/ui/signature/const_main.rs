#[godaemon::main]
const fn main() {}
