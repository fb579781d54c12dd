#[godaemon::main(values = [path = std::env::args().nth(1)?])]
fn main(_path: String) {}
