#[godaemon::main]
async fn main() {}
