#[godaemon::main(umask = 0o027)]
#[godaemon::main]
fn main() {}
