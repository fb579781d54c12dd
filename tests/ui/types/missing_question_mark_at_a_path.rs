fn path() -> std::io::Result<String> {
    Ok(String::from("/run/echod.pid"))
}

#[godaemon::main(pid_file = path())]
fn main() {}
