struct Refusal;

fn mask() -> Result<u32, Refusal> {
    Err(Refusal)
}

#[godaemon::main(umask = mask()?)]
fn main() {}
