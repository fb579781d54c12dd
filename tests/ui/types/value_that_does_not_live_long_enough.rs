#[godaemon::main(
    values = [name = String::from("echod"), text = name.as_str()],
    on_ready = move |_| println!("{text} is up"),
)]
fn main() {}
