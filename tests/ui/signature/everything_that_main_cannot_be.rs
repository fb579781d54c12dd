#[godaemon::main]
const unsafe extern "C" fn main<T>(self, number: impl Copy, (left, right): (u8, u8), _: ...)
where
    T: Copy,
{
    let number: u8 = "seven";
}
