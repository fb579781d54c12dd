#[godaemon::main(pid_file = None, start_timeout = None)]
fn main() {}
