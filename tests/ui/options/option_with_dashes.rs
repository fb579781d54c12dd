#[godaemon::main(pid-file = "/run/echod.pid", FOREGROUND = true)]
fn main() {}
