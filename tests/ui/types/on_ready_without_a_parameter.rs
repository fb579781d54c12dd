#[godaemon::main(on_ready = || println!("up"))]
fn main() {}
