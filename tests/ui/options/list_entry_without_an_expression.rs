use std::fs::File;

#[godaemon::main(files = [lock, log = File::create("log")?])]
fn main(_lock: File, _log: File) {}
