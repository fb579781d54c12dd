use std::net::TcpListener;

#[godaemon::main(files = [listener = TcpListener::bind("127.0.0.1:7000")?])]
fn main(listner: TcpListener) {
    drop(listner);
}
