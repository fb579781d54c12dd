#[godaemon::main(values = [number = 7])]
fn main(_number: String) {}
