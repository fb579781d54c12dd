#[godaemon::main(capture_output = true)]
fn main(_stdout: godaemon::Reader) {}
