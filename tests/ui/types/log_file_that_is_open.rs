use std::fs::File;

#[godaemon::main(stdout = File::create("log")?)]
fn main() {}
