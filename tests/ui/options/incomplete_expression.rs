#[godaemon::main(umask = 0o020 +, working_dir = "/" + , program_name = name()., pid_file = &)]
fn main() {}
