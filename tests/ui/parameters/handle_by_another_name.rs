use godaemon::{Reader, Ready};

#[godaemon::main(capture_output)]
fn main(out: Reader, _err: Reader, up: Ready) {
    drop((out, up));
}
