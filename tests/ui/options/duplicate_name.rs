use std::fs::File;

#[godaemon::main(
    values = [path = "/var/lib/echod.lock", path = "/run/echod.lock"],
    files = [lock = File::open(path)?, lock = File::open(path)?, path = File::open(path)?],
)]
fn main(_path: &'static str, _lock: File) {}
