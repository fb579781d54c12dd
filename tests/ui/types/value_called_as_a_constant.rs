const port: u16 = 7000;

#[godaemon::main(values = [port = 7001])]
fn main(_port: u16) {}
