#[godaemon::main(values = [number = 7])]
fn main<T: Copy>(_number: T) {}
