struct Config(u8);

#[godaemon::main(files = [config = Config(7)])]
fn main(_config: Config) {}
