#[godaemon::main(values = [pair = (7, 8)])]
fn main((_left, _right): (u8, u8)) {}
