#[godaemon::main(values = [line = String::from("a b"), word = line.split(' ').next().ok_or("nothing")?])]
fn main(_line: String, _word: &str) {}
