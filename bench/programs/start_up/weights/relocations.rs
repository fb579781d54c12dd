//! 100,000 relocations: addresses that the loader has to write before the program can begin.

use std::hint::black_box;

static TARGET: u8 = 0;
static TABLE: [&u8; 100_000] = [&TARGET; 100_000];

/// Keeps the weight in the program. To be called where it is not measured.
pub fn carry() {
    black_box(&TABLE);
}
