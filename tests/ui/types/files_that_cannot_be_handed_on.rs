struct Config(u8);

#[godaemon::main(files = [configs = vec![Config(7)]])]
fn main(_configs: Vec<Config>) {}
