#[godaemon::main(values = [name = String::from("echod").as_str()])]
fn main(_name: &str) {}
