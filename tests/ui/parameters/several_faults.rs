use std::fs::File;

#[godaemon::main(
    capture_output,
    files = [lock = File::open("lock")?, listner = File::open("listener")?],
    values = [args = std::env::args()],
)]
fn main(listener: File, config: u8) {
    let number: u8 = "seven";
}
