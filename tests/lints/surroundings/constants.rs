//! Constants, statics, unit structs and variants whose names would make a pattern of a variable.

/// Names that a variable could have, as items of a kind.
macro_rules! names {
    ($kind:ident) => {
        super::$kind! {
            start options prepared daemon value result found
            ready stdout stderr reader name file files values outcome error
        }
    };
}
use names;

macro_rules! constants {
    ($($name:ident)*) => { $(const $name: u8 = 7;)* };
}
use constants;

macro_rules! statics {
    ($($name:ident)*) => { $(static $name: u8 = 7;)* };
}
use statics;

macro_rules! unit_structs {
    ($($name:ident)*) => { $(struct $name;)* };
}
use unit_structs;

macro_rules! tuple_structs {
    ($($name:ident)*) => { $(struct $name(u8);)* };
}
use tuple_structs;

macro_rules! variants {
    ($($name:ident)*) => {
        enum Names { $($name),* }
        #[allow(unused_imports, reason = "they are there to be in the way")]
        use self::Names::*;
    };
}
use variants;

/// The daemon, with everything that makes a variable.
macro_rules! daemon {
    () => {
        use super::{empty, open};

        /// The daemon.
        #[::godaemon::main(values = [text = empty()], files = [null = open()?], umask = 7, capture_output)]
        pub(crate) fn main(
            _null: ::std::fs::File,
            _text: ::std::string::String,
            _stdout: ::godaemon::Reader,
            _stderr: ::godaemon::Reader,
            _ready: ::godaemon::Ready,
        ) -> ::std::io::Result<()> {
            ::std::result::Result::Ok(())
        }
    };
}
use daemon;

mod of_constants {
    super::names!(constants);
    super::daemon!();
}

mod of_statics {
    super::names!(statics);
    super::daemon!();
}

mod of_unit_structs {
    super::names!(unit_structs);
    super::daemon!();
}

mod of_tuple_structs {
    super::names!(tuple_structs);
    super::daemon!();
}

mod of_variants {
    super::names!(variants);
    super::daemon!();
}

fn empty() -> ::std::string::String {
    ::std::string::String::new()
}

fn open() -> ::std::io::Result<::std::fs::File> {
    ::std::fs::File::open("/dev/null")
}
