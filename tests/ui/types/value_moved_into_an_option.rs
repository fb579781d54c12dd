#[godaemon::main(values = [dir = String::from("/var/lib/echod")], working_dir = dir)]
fn main(_dir: String) {}
