#[godaemon::main(crate = demon)]
fn main() {}
