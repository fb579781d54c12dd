//! Types and traits called as those of godaemon.

pub(crate) struct Daemon;
pub(crate) struct Error;
pub(crate) struct ErrorKind;
pub(crate) struct Inherit;
pub(crate) struct InheritFd;
pub(crate) struct Options;
pub(crate) struct Outcome;
pub(crate) struct Prepared;
pub(crate) struct Reader;
pub(crate) struct Ready;
pub(crate) struct Stage;
pub(crate) struct Start;
pub(crate) struct Started;
pub(crate) struct BeforeMain;
pub(crate) static BEFORE_MAIN: u8 = 7;
pub(crate) trait ViaBoxedError {}
pub(crate) trait ViaError {}
pub(crate) trait ViaDisplay {}
pub(crate) trait ViaDebug {}
pub(crate) trait ViaNothing {}

/// The daemon.
#[::godaemon::main(
    values = [options = Options, start = Start, ready_to_go = true, error = Error],
    files = [null = ::std::fs::File::open("/dev/null")?],
    capture_output,
    foreground = ready_to_go,
    on_ready = |_| ::std::assert_eq!(BEFORE_MAIN, 7),
)]
pub(crate) fn main(
    options: Options,
    start: Start,
    error: Error,
    null: ::std::fs::File,
    _stdout: ::godaemon::Reader,
    _ready: ::godaemon::Ready,
) -> ::std::result::Result<(), ::std::fmt::Error> {
    ::std::mem::drop((options, start, null, error));
    ::std::result::Result::Ok(())
}
