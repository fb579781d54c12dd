#[godaemon::main(values = [number = 7])]
#[async_std::main]
async fn main(number: u8) {
    let number: u8 = "seven";
}
