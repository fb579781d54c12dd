#[godaemon::main(umask, working_dir =, program_name("echod"), files, crate)]
fn main() {}
