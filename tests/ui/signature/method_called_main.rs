struct Daemon;

impl Daemon {
    #[godaemon::main]
    fn main(&self) {}
}

fn main() {}
