struct Daemon;

impl Daemon {
    #[godaemon::main]
    const fn run(&self) {}
}

fn main() {
    Daemon.run();
}
