#[godaemon::main(values = [numbers = Vec::new()], on_ready = move |_| drop(numbers))]
fn main() {}
