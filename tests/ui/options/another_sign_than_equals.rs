#[godaemon::main(umask: 0o027, working_dir => "/var/lib/echod", program_name == "echod", chdir: "/")]
fn main() {}
