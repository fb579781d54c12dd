mod demon {}

#[godaemon::main(crate = crate::demon)]
fn main() {}
