#[godaemon::main(umask = 0o027, umsk = 0o077)]
fn main() {}
