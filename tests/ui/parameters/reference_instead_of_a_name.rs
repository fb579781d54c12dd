#[godaemon::main(values = [number = 7])]
fn main(ref _number: u8) {}
