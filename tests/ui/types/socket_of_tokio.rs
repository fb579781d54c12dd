use tokio::net::TcpListener;

#[godaemon::main(files = [listener = TcpListener::bind("127.0.0.1:7000")?])]
#[tokio::main]
async fn main(_listener: TcpListener) {}
