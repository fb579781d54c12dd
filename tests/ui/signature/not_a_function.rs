#[godaemon::main]
struct Daemon {
    number: u8,
}
