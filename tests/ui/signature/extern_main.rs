#[godaemon::main]
extern "C" fn main() {}
