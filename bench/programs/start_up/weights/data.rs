//! 64 MiB of initialised data, which nobody touches.

use std::hint::black_box;
use std::sync::atomic::AtomicU8;

/// Atomic, so that it may be written to, and is among the data that each process has for itself.
static DATA: [AtomicU8; 64 << 20] = [const { AtomicU8::new(1) }; 64 << 20];

/// Keeps the weight in the program. To be called where it is not measured.
pub fn carry() {
    black_box(&DATA);
}
