use std::io;

#[godaemon::main]
fn main() -> io::Result<()> {
    "up"
}
