use std::fs::File;

#[godaemon::main(umask = 0o027,, files = [, lock = File::open("lock")?])]
fn main(_lock: File) {}
