use godaemon::Reader;

#[godaemon::main]
fn main(stdout: Reader, mut _stderr: Reader) {
    drop(stdout);
}
