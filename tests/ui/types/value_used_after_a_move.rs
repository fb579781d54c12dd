#[godaemon::main(
    values = [address = String::from("127.0.0.1:7000")],
    on_ready = move |_| println!("{address}"),
    files = [listener = std::net::TcpListener::bind(&address)?],
)]
fn main(_listener: std::net::TcpListener) {}
