#[godaemon::main(umsk = 0o027)]
fn main() {
    let number: u8 = "seven";
}
