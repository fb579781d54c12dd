#[godaemon::main(chdir = "/var/lib/echod")]
fn main() {}
