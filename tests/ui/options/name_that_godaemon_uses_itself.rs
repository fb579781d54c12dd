use std::fs::File;

#[godaemon::main(
    values = [ready = true],
    files = [stdout = File::create("out")?, stderr = File::create("err")?],
)]
fn main(_ready: bool, _stdout: File, _stderr: File) {}
