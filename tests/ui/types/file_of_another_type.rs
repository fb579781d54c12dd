use std::{fs::File, net::TcpListener};

#[godaemon::main(files = [listener = File::open("listener")?])]
fn main(_listener: TcpListener) {}
