#[godaemon::main(foreground = 1)]
fn main() {}
