#[godaemon::main(capture_output umask = 0o027)]
fn main(_stdout: godaemon::Reader) {}
