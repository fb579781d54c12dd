#[godaemon::main]
fn main() -> Outcome {}
