#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub use godaemon_macros::main;
pub use godaemon_rt::*;

#[doc(hidden)]
pub mod __private {
    pub use godaemon_rt::private::*;
}
