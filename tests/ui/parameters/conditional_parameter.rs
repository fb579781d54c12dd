#[godaemon::main(values = [number = 7])]
fn main(#[cfg(unix)] _number: u8) {}
