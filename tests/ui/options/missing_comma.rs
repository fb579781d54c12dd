#[godaemon::main(program_name = "echod" umask = 0o027)]
fn main() {}
