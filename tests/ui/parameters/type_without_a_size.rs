#[godaemon::main(values = [text = "seven", bytes = *b"seven"])]
fn main(_text: str, _bytes: [u8]) {}
