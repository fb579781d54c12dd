#[godaemon::main(umask = "027")]
fn main() {}
