#[godaemon::main(values = [type = 5, _ = 6, mut number = 7, text: Result<u8, String> = Ok(8)])]
fn main() {}
