//! What the parent heard, and what it makes of it. Pure.

use crate::channel::{Progress, ToParent};
use crate::error::{Error, ErrorKind, Seconds};
use crate::stage::Stage;
use crate::sys::process::End;
use crate::sys::signals;
use std::io;
use std::time::{Duration, Instant};

/// How long `main` may go on after it dropped `Ready` unused; see [`crate::Ready`].
const AFTER_READY_DROPPED: Duration = Duration::from_secs(2);

/// What the copies have said so far.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// The daemon is up, and has this number.
    pub(super) up: Option<u32>,
    failure: Option<Error>,
    /// The last panic: if the daemon ends by it, it is the reason, and otherwise a thread's own affair.
    panic: Option<String>,
    ended: Option<(End, Progress)>,
    /// The first of the moments at which the daemon is to be ended.
    deadline: Option<Deadline>,
}

/// When a daemon that is not up is to be ended, and what that is called.
#[derive(Debug)]
struct Deadline {
    at: Instant,
    kind: ErrorKind,
    what: String,
}

impl Heard {
    /// Nothing yet, of a daemon that has this long to be up, if that is limited.
    pub(super) fn nothing(timeout: Option<Duration>) -> Heard {
        let mut heard = Heard::default();
        if let Some(timeout) = timeout {
            let what = format!("not ready within {} s, ended", Seconds(timeout));
            heard.limit(timeout, ErrorKind::TimedOut, what);
        }
        heard
    }

    /// Gives the daemon no more time than this. What is too long for the clock is no limit.
    fn limit(&mut self, time: Duration, kind: ErrorKind, what: String) {
        if let Some(at) = Instant::now().checked_add(time) {
            if self.deadline.as_ref().is_none_or(|deadline| at < deadline.at) {
                self.deadline = Some(Deadline { at, kind, what });
            }
        }
    }

    /// Takes in a message, and returns the text of a panic that turns out not to have ended the daemon. Of several
    /// failures the first is the cause of the others.
    pub(super) fn note(&mut self, message: ToParent) -> Option<String> {
        match message {
            ToParent::Up { pid } => self.up = Some(pid),
            ToParent::Failed(reason) => {
                self.failure.get_or_insert_with(|| Error::from_reason(Stage::Daemon, reason));
            }
            ToParent::Panicked { text } => return told(self.panic.replace(text)),
            ToParent::ReadyDropped => {
                let what = "dropped `Ready` without `notify`, ended".to_owned();
                self.limit(AFTER_READY_DROPPED, ErrorKind::NotReady, what);
            }
            ToParent::NotStarted { step, errno } => {
                let why = io::Error::from_raw_os_error(errno);
                self.failure.get_or_insert_with(|| Error::system(step.to_string(), why).at(Stage::Child));
            }
            ToParent::Ended { end, progress } => self.ended = Some((end, progress)),
        }
        None
    }

    /// How long the daemon still has, if that is limited.
    pub(super) fn time_left(&self) -> Option<Duration> {
        // One that has ended by itself has decided how.
        let deadline = self.deadline.as_ref().filter(|_| !self.has_ended());
        deadline.map(|deadline| deadline.at.saturating_duration_since(Instant::now()))
    }

    /// Why the daemon is to be ended, once it has no time left.
    pub(super) fn overdue(&mut self) -> Option<Error> {
        if self.time_left() != Some(Duration::ZERO) {
            return None;
        }
        let Deadline { kind, what, .. } = self.deadline.take()?;
        Some(match self.failure.take() {
            // It has said why it is about to end, and did not come to its end.
            Some(error) if matches!(error.kind(), ErrorKind::Ended(_)) => error.with_kind(kind),
            Some(error) => error,
            None => Error::new(kind, what).at(Stage::Daemon),
        })
    }

    /// Whether the daemon is known to have ended.
    pub(super) fn has_ended(&self) -> bool {
        self.ended.is_some()
    }

    /// The panic that is not the reason of a failure. The daemon has kept it from the terminal.
    pub(super) fn take_panic(&mut self) -> Option<String> {
        told(self.panic.take())
    }
}

/// What there is to say of a panic that did not end the daemon.
fn told(panic: Option<String>) -> Option<String> {
    panic.filter(|text| !text.is_empty()).map(|text| format!("a thread {text}"))
}

/// Why the start failed, from what was heard and from the end of the first child, if that is known.
pub(super) fn verdict(heard: &mut Heard, first_child: Option<End>) -> Error {
    let daemon = |kind, what: String| Error::new(kind, what).at(Stage::Daemon);
    match (heard.failure.take(), heard.ended) {
        (Some(error), Some((end, _))) if matches!(error.kind(), ErrorKind::Ended(_)) => {
            error.with_kind(kind_of(end))
        }
        // Of its status nothing is known.
        (Some(error), None) if matches!(error.kind(), ErrorKind::Ended(_)) => {
            error.with_kind(ErrorKind::System)
        }
        (Some(error), _) => error,
        (None, Some((end, progress))) => match heard.panic.take_if(|_| is_end_of_panic(end)) {
            Some(text) if text.is_empty() => daemon(ErrorKind::Panicked, "panicked".to_owned()),
            Some(text) => daemon(ErrorKind::Panicked, text),
            None if progress == Progress::NotCalled && matches!(end, End::Exited(_)) => {
                daemon(ErrorKind::NotReady, "ended without calling daemonize".to_owned())
            }
            None => daemon(kind_of(end), format!("{} before it was ready", describe(end))),
        },
        // It said that it is up, and was not there to be confirmed. The first child, whose part was done, is not to blame.
        (None, None) if heard.up.is_some() => {
            daemon(ErrorKind::System, "ended while its start was confirmed".to_owned())
        }
        (None, None) => {
            let what = first_child.map_or_else(|| "ended without a word".to_owned(), describe);
            Error::new(ErrorKind::System, what).at(Stage::Child)
        }
    }
}

/// Whether a panic ends a process in this way: by unwinding out of `main`, or with `panic = "abort"`.
fn is_end_of_panic(end: End) -> bool {
    end == End::Exited(101) || end == End::Killed(libc::SIGABRT)
}

fn kind_of(end: End) -> ErrorKind {
    match end {
        End::Exited(status) => ErrorKind::Ended(status),
        End::Killed(signal) => ErrorKind::Killed(signal),
    }
}

fn describe(end: End) -> String {
    match end {
        End::Exited(status) => format!("ended with status {status}"),
        End::Killed(signal) => match signals::name(signal) {
            Some(name) => format!("killed by signal {signal} ({name})"),
            // Real-time signals have no name.
            None => format!("killed by signal {signal}"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::Reason;
    use crate::sys::copy::Step;

    fn heard(messages: impl IntoIterator<Item = ToParent>) -> Heard {
        let mut heard = Heard::default();
        messages.into_iter().for_each(|message| drop(heard.note(message)));
        heard
    }

    fn failed(kind: ErrorKind, text: &str) -> ToParent {
        ToParent::Failed(Reason { kind, texts: vec![text.into()] })
    }

    fn ended(end: End, progress: Progress) -> ToParent {
        ToParent::Ended { end, progress }
    }

    fn check(messages: impl IntoIterator<Item = ToParent>, first_child: End, text: &str, kind: ErrorKind) {
        let error = verdict(&mut heard(messages), Some(first_child));
        assert_eq!(format!("{error:#}"), text);
        assert_eq!(error.kind(), kind);
    }

    #[test]
    fn panics_of_threads_are_not_kept_back() {
        let panicked = |text: &str| ToParent::Panicked { text: text.into() };
        let mut heard = heard([panicked("panicked here")]);
        assert_eq!(heard.note(panicked("panicked there")).as_deref(), Some("a thread panicked here"));
        heard.note(ended(End::Exited(3), Progress::Called));
        assert_eq!(verdict(&mut heard, Some(End::Exited(0))).kind(), ErrorKind::Ended(3));
        assert_eq!(heard.take_panic().as_deref(), Some("a thread panicked there"));
        heard.note(panicked(""));
        assert_eq!(heard.take_panic(), None, "it has appeared already");
    }

    #[test]
    fn first_of_two_limits_counts() {
        let hour = Duration::from_secs(3600);
        let mut limited = Heard::nothing(Some(hour));
        limited.note(ToParent::ReadyDropped);
        assert!(limited.time_left().is_some_and(|left| left <= AFTER_READY_DROPPED));
        assert!(limited.overdue().is_none());
        let mut limited = Heard::nothing(Some(Duration::ZERO));
        limited.note(ToParent::ReadyDropped);
        let error = limited.overdue().map(|error| format!("{error:#}, {}", error.exit_code()));
        assert_eq!(error.as_deref(), Some("daemon: not ready within 0 s, ended, 75"));
        assert_eq!(Heard::nothing(None).time_left(), None);
        assert_eq!(Heard::nothing(Some(Duration::MAX)).time_left(), None);
    }

    #[test]
    fn daemon_that_has_ended_is_not_limited() {
        let mut limited = Heard::nothing(Some(Duration::ZERO));
        limited.note(ended(End::Exited(1), Progress::Called));
        assert!(limited.overdue().is_none());
    }

    #[test]
    fn every_end_has_its_words_and_its_kind() {
        let ok = End::Exited(0);
        let (killed, called) = (End::Killed(libc::SIGKILL), Progress::Called);
        let panicked = || ToParent::Panicked { text: "panicked at a:1:2: the sky fell".into() };
        check(
            [failed(ErrorKind::Failed, "no luck"), ended(End::Exited(1), called)],
            ok,
            "daemon: no luck",
            ErrorKind::Failed,
        );
        check(
            [failed(ErrorKind::Ended(0), "database is down"), ended(End::Exited(3), called)],
            ok,
            "daemon: database is down",
            ErrorKind::Ended(3),
        );
        check(
            [
                failed(ErrorKind::Failed, "cause"),
                failed(ErrorKind::Failed, "effect"),
                ended(End::Exited(1), called),
            ],
            ok,
            "daemon: cause",
            ErrorKind::Failed,
        );
        check(
            [ended(End::Exited(0), called)],
            ok,
            "daemon: ended with status 0 before it was ready",
            ErrorKind::Ended(0),
        );
        check(
            [ended(End::Killed(11), called)],
            ok,
            "daemon: killed by signal 11 (SIGSEGV) before it was ready",
            ErrorKind::Killed(11),
        );
        check(
            [ended(End::Killed(40), called)],
            ok,
            "daemon: killed by signal 40 before it was ready",
            ErrorKind::Killed(40),
        );
        check(
            [ended(End::Exited(3), Progress::NotCalled)],
            ok,
            "daemon: ended without calling daemonize",
            ErrorKind::NotReady,
        );
        check(
            [ended(End::Exited(127), Progress::NotLoaded)],
            ok,
            "daemon: ended with status 127 before it was ready",
            ErrorKind::Ended(127),
        );
        for end in [End::Exited(101), End::Killed(libc::SIGABRT)] {
            let messages = [panicked(), ended(end, called)];
            check(messages, ok, "daemon: panicked at a:1:2: the sky fell", ErrorKind::Panicked);
        }
        let printed = ToParent::Panicked { text: String::new() };
        check([printed, ended(End::Exited(101), called)], ok, "daemon: panicked", ErrorKind::Panicked);
        check(
            [panicked(), ended(End::Exited(2), called)],
            ok,
            "daemon: ended with status 2 before it was ready",
            ErrorKind::Ended(2),
        );
        check(
            [failed(ErrorKind::Ended(0), "database is down")],
            killed,
            "daemon: database is down",
            ErrorKind::System,
        );
        check([], ok, "first child: ended with status 0", ErrorKind::System);
        check(
            [ToParent::Up { pid: 7 }],
            ok,
            "daemon: ended while its start was confirmed",
            ErrorKind::System,
        );
        check(
            [ToParent::Up { pid: 7 }],
            killed,
            "daemon: ended while its start was confirmed",
            ErrorKind::System,
        );
        check([], killed, "first child: killed by signal 9 (SIGKILL)", ErrorKind::System);
        check([], End::Exited(71), "first child: ended with status 71", ErrorKind::System);
        let not_started = ToParent::NotStarted { step: Step::Execute, errno: libc::E2BIG };
        check(
            [not_started],
            End::Exited(71),
            "first child: cannot run a copy of the program: Argument list too long (os error 7)",
            ErrorKind::System,
        );
        let blind = ToParent::NotStarted { step: Step::Watch, errno: libc::ENOMEM };
        check(
            [blind, ended(End::Killed(libc::SIGTERM), called)],
            ok,
            "first child: cannot watch over the daemon: Cannot allocate memory (os error 12)",
            ErrorKind::System,
        );
    }
}
