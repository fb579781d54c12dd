#[godaemon::main]
fn run() {}

fn main() {
    run();
}
