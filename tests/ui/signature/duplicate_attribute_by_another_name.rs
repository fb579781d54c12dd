use godaemon::main as daemon;

#[godaemon::main]
#[daemon(umask = 0o027)]
fn main() {}
