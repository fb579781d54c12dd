use std::fs::File;

struct Refusal;

fn open() -> Result<File, Refusal> {
    Err(Refusal)
}

#[godaemon::main(files = [lock = open()?])]
fn main(_lock: File) {}
