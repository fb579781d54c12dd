#[godaemon::main(values = [name = String::from("echod")], on_ready = |pid| println!("{name} is up: {pid}"))]
fn main() {}
