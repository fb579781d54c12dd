#[godaemon::main(capture_output)]
fn main() {}
