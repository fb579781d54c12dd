use std::fs::File;

#[godaemon::main(values = (number = 7), files = open_files())]
fn main(_number: u8, _lock: File) {}
