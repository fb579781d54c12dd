use std::fs::File;

#[godaemon::main(
    capture_ouput,
    umask,
    chdir = "/var/lib/echod",
    umask = 0o027,
    files = [lock = File::open("lock")?, lock = File::open("lock")?, ready = File::open("ready")?],
    crate = "godaemon",
)]
const fn main<T>(_lock: File, (_number, _text): (u8, String)) {}
