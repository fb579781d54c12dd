#[godaemon::main]
unsafe fn main() {}
