#[godaemon::main(on_ready = |pid: i32| println!("{pid}"))]
fn main() {}
