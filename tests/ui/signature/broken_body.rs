#[godaemon::main]
fn main() {
    let x = ;
}
