#[godaemon::main(working_dir = 7)]
fn main() {}
