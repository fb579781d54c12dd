#[tokio::main]
#[godaemon::main(values = [number = 7])]
async fn main(_number: u8) {}
