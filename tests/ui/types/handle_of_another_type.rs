use godaemon::{Reader, Ready};

#[godaemon::main(capture_output)]
fn main(_stdout: Ready, _stderr: Vec<Reader>, _ready: u8) {}
