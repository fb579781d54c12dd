use std::fs::File;

#[godaemon::main(files = [lock = Some(File::open("lock")?)])]
fn main(_lock: File) {}
