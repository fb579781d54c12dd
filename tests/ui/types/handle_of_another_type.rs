use godaemon::Reader;

#[godaemon::main(capture_output)]
fn main(_stdout: u32, _stderr: Option<Reader>, _ready: Reader) {}
