#[godaemon::main]
#[tokio::main]
async fn main() -> u8 {
    7
}
