#[godaemon::main(values = [number = 7])]
fn main(number: u8, _number: u8) {
    println!("{number}");
}
