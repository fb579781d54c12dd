use std::error::Error;

fn mask() -> Result<u32, Box<dyn Error + Send + Sync>> {
    Ok(0o027)
}

#[godaemon::main(umask = mask()?)]
fn main() {}
