#[godaemon::main(values = [left = 7, right = 8])]
fn main(_left: u8 _right: u8) {}
