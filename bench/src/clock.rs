//! The clock that all processes share.

use nix::time::{ClockId, clock_gettime};
use std::io;
use std::time::Duration;

/// `CLOCK_MONOTONIC`: `Instant` as well, but that cannot be sent to another process.
pub fn now() -> io::Result<Duration> {
    Ok(clock_gettime(ClockId::CLOCK_MONOTONIC)?.into())
}
