use std::fs::File;

#[godaemon::main(
    capture_output,
    files = [lock = File::open("lock")?],
    values = [number = 7],
)]
fn main(_lock: Lock, _number: Number, _stdout: Output, _ready: Up) {}
