#[godaemon::main]
type Main = fn();
