use std::fs::File;

#[godaemon::main(files = [mut lock = File::open("lock")?, #[cfg(unix)] log = File::create("log")?, self.pid = 7])]
fn main(_lock: File, _log: File) {}
