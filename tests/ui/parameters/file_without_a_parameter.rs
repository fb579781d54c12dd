#[godaemon::main(files = [lock = std::fs::File::open("lock")?])]
fn main() {}
