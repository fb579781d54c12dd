#[godaemon::main]
fn main(redy: godaemon::Ready) -> std::io::Result<()> {
    redy.notify()
}
