#[godaemon::main(capture_output, r#stdout = "/var/log/echod.log")]
fn main(_stderr: godaemon::Reader) {}
