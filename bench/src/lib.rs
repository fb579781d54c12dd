//! What the benchmarks share: measuring in turn, and the programs that are measured.

pub mod clock;
pub mod measure;
pub mod printing;
pub mod program;

/// Whatever went wrong: a benchmark ends with it.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;
