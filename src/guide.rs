//! Pages for what takes more than one item. There is nothing here but documentation.

#[doc = include_str!("../docs/what_runs_where.md")]
pub mod what_runs_where {}

#[doc = include_str!("../docs/captured_output.md")]
pub mod captured_output {}

#[doc = include_str!("../docs/how_do_i.md")]
pub mod how_do_i {}

#[doc = include_str!("../docs/with_tokio.md")]
pub mod with_tokio {}

#[doc = include_str!("../docs/coming_from_go.md")]
pub mod coming_from_go {}

#[doc = include_str!("../docs/coming_from_daemonize.md")]
pub mod coming_from_daemonize {}

#[doc = include_str!("../docs/compile_errors.md")]
pub mod compile_errors {}
