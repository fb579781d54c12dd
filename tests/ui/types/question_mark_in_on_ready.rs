#[godaemon::main(on_ready = |pid| std::fs::write("pid", pid.to_string())?)]
fn main() {}
