struct Config;

#[godaemon::main]
fn main(_config: Config, mut state: u8) {
    state += 1;
    println!("{state}");
}
