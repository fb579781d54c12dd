use std::fs::File;

#[godaemon::main(files = [lock = File::open("lock")?])]
fn main(_lock: Option<File>) {}
