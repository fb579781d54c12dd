//! Traits with methods for every type, which a method call could take for those of godaemon.

/// Methods of the names of godaemon's own, that take what they are called on.
macro_rules! methods {
    ($($name:ident)*) => {
        pub(crate) trait Methods: ::std::marker::Sized {
            $(fn $name(self) -> ::std::primitive::bool { ::std::panic!("not meant") })*
        }
        impl<T> Methods for T {}
    };
}

methods! {
    value option file hand_on take settle prepare daemonize report is_parent fail new take_file take_stdout take_stderr
    take_ready capture_output wait_for_ready umask foreground on_ready into_result program_name
}

mod by_reference {
    pub(crate) trait References {
        fn report(&self) -> ::std::primitive::bool {
            ::std::panic!("not meant")
        }
        fn file(&self) -> ::std::primitive::bool {
            ::std::panic!("not meant")
        }
    }
    impl<T: ?::std::marker::Sized> References for T {}
}
#[allow(unused_imports, reason = "it is there to be in the way")]
use self::by_reference::References;

/// The daemon.
#[::godaemon::main(
    values = [text = ::std::string::String::new(), number = 7],
    files = [null = ::std::fs::File::open("/dev/null")?],
    capture_output,
    umask = number,
    foreground = text.is_empty(),
    program_name = &text,
    on_ready = |_| {},
)]
pub(crate) fn main(
    text: ::std::string::String,
    null: ::std::fs::File,
    _stdout: ::godaemon::Reader,
    _stderr: ::godaemon::Reader,
    _ready: ::godaemon::Ready,
) -> ::std::io::Result<()> {
    ::std::mem::drop((text, null));
    ::std::io::Result::Ok(())
}
