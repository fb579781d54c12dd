//! What the benchmarks share: measuring in turn, and the programs that are measured.

pub mod clock;
pub mod file;
pub mod guard;
pub mod machine;
pub mod measure;
pub mod memory;
pub mod options;
pub mod page;
pub mod printing;
pub mod program;
pub mod programs;
pub mod report;
pub mod scratch;
pub mod start;
pub mod system_calls;
pub mod table;
pub mod trace;

/// Whatever went wrong: a benchmark ends with it.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;
