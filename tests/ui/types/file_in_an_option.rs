use std::fs::File;

#[godaemon::main(files = [lock = File::open("lock")?], umask = lock.metadata()?.len() as u32)]
fn main(_lock: File) {}
