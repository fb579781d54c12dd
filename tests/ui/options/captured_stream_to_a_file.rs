use godaemon::Reader;

#[godaemon::main(stdout = "/var/log/echod.log", capture_output)]
fn main(stdout: Reader) {
    drop(stdout);
}
