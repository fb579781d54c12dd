//! Pages for what takes more than one item. There is nothing here but documentation.

#[doc = include_str!("../docs/captured_output.md")]
pub mod captured_output {}
