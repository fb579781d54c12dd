#[godaemon::main(program_name = 7)]
fn main() {}
