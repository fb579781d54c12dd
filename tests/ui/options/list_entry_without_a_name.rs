use std::fs::File;

#[godaemon::main(values = [std::env::args()], files = [lock = File::open("lock")?, File::open("log")?])]
fn main(_lock: File) {}
