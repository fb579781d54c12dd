#[godaemon::main(values = [buffer = vec![0_u8; 4].leak(), half = &mut buffer[..2]])]
fn main(_half: &mut [u8]) {}
