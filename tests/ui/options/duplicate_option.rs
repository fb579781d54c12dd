#[godaemon::main(umask = 0o027, program_name = "echod", umask = 0o077)]
fn main() {}
