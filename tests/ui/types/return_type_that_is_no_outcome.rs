#[godaemon::main]
fn main() -> u8 {
    7
}
