#[godaemon::main]
fn main(&self) {}
