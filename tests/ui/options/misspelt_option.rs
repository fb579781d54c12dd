#[godaemon::main(capture_ouput, umsk = 0o027)]
fn main() {}
