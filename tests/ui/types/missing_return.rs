use std::io;

#[godaemon::main]
fn main() -> io::Result<()> {
    println!("up");
}
