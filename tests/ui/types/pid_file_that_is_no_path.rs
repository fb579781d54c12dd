#[godaemon::main(pid_file = 7)]
fn main() {}
