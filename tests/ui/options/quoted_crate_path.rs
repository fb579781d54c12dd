#[godaemon::main(crate = "godaemon")]
fn main() {}
