use std::io;

fn mask() -> io::Result<u32> {
    Ok(0o027)
}

#[godaemon::main(umask = mask())]
fn main() {}
