#[godaemon::main(files = [lines = vec![String::new()]])]
fn main(_lines: Vec<String>) {}
