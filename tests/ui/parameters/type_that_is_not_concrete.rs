#[godaemon::main(values = [number = 7, numbers = vec![7]])]
fn main(_number: impl Copy, _numbers: Vec<impl Copy>) {}
