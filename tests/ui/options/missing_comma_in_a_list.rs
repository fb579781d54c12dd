use std::fs::File;

#[godaemon::main(files = [lock = File::open("lock")? log = File::create("log")?; other = 7], umsk = 0o027)]
fn main(_lock: File, _log: File) {}
