//! Captured lines as records of `log` and events of `tracing`.
//!
//! A logger that prints to the stream that is forwarded to it would never be done. Nothing tells a line of its from
//! another by looking at it, so it is asked: when much has come, and after a gap, one record with a random word is logged.
//! If the word comes back, so does everything else.

use super::Reader;
use super::forward::Handed;
use crate::stdio::Stream;
use crate::sys::bytes;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::ops::ControlFlow;

/// How much has to come until the logger is asked for the first time, in bytes. Then eight times as much, and so on.
const MUCH: u64 = 1024 * 1024;

/// Makes each line a record of `log`.
#[cfg(feature = "log")]
pub(super) fn to_log(reader: Reader, level: ::log::Level) -> io::Result<()> {
    forward(reader, move |stream, text| ::log::log!(target: target(stream), level, "{text}"))
}

/// Makes each line an event of `tracing`.
#[cfg(feature = "tracing")]
pub(super) fn to_tracing(reader: Reader, level: ::tracing::Level) -> io::Result<()> {
    forward(reader, move |stream, text| event(stream, level, text))
}

fn forward(reader: Reader, record: impl Fn(Stream, &str) + Send + 'static) -> io::Result<()> {
    let Some(stream) = reader.stream else { return Ok(()) };
    let record = move |text: &str| record(stream, text);
    let mut guard = Guard::default();
    reader.forward_while(move |handed| {
        let line = handed.text();
        if guard.comes_back(line) {
            record(&format!("{stream} is no longer forwarded to the log: the log is printed there"));
            return ControlFlow::Break(());
        }
        if let Some(word) = guard.question(handed) {
            record(&format!("godaemon asks whether this log is printed to {stream}: {word}"));
        }
        record(&String::from_utf8_lossy(line));
        ControlFlow::Continue(())
    })
}

#[cfg(feature = "log")]
fn target(stream: Stream) -> &'static str {
    match stream {
        Stream::Output => "stdout",
        Stream::Error => "stderr",
    }
}

/// The macro wants target and level to be constants.
#[cfg(feature = "tracing")]
fn event(stream: Stream, level: ::tracing::Level, text: &str) {
    use ::tracing::Level;
    macro_rules! event {
        ($level:ident) => {
            match stream {
                Stream::Output => ::tracing::event!(target: "stdout", Level::$level, "{text}"),
                Stream::Error => ::tracing::event!(target: "stderr", Level::$level, "{text}"),
            }
        };
    }
    match level {
        Level::ERROR => event!(ERROR),
        Level::WARN => event!(WARN),
        Level::INFO => event!(INFO),
        Level::DEBUG => event!(DEBUG),
        Level::TRACE => event!(TRACE),
    }
}

/// Decides when to ask whether what is logged comes back, and recognises the answer.
#[derive(Default)]
struct Guard {
    /// How much has come, in bytes.
    total: u64,
    /// How often it was asked because much has come.
    asked: u32,
    /// The word that may come back.
    word: Option<String>,
}

impl Guard {
    /// Whether a line has been logged before.
    fn comes_back(&self, line: &[u8]) -> bool {
        self.word.as_deref().is_some_and(|word| contains(line, word.as_bytes()))
    }

    /// The word to ask with, if it is time to ask: much has come, or the last answer may have been thrown away.
    fn question(&mut self, handed: Handed<'_>) -> Option<&str> {
        self.total += handed.text().len() as u64 + 1;
        if self.total >= MUCH.saturating_mul(8u64.saturating_pow(self.asked)) {
            self.asked += 1;
        } else if let Handed::Line(_) = handed {
            return None;
        }
        // Nobody prints this by accident.
        self.word = Some(format!("~{:016x}", RandomState::new().hash_one(self.total)));
        self.word.as_deref()
    }
}

fn contains(mut line: &[u8], word: &[u8]) -> bool {
    let Some(&first) = word.first() else { return true };
    while let Some(position) = bytes::find(first, line) {
        let rest = line.get(position..).unwrap_or_default();
        if rest.starts_with(word) {
            return true;
        }
        line = rest.get(1..).unwrap_or_default();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_asked_after_a_mib_and_then_ever_more_rarely() {
        let mut guard = Guard::default();
        let line = [b'x'; 1023];
        let asked: Vec<u64> =
            (1..=65 * 1024).filter(|_| guard.question(Handed::Line(&line)).is_some()).collect();
        assert_eq!(asked, [1024, 8 * 1024, 64 * 1024]);
    }

    #[test]
    fn it_is_asked_after_a_gap() {
        let mut guard = Guard::default();
        assert!(guard.question(Handed::Line(b"one")).is_none());
        assert!(guard.question(Handed::Gap(b"gap")).is_some());
        assert!(guard.question(Handed::Line(b"two")).is_none());
    }

    #[test]
    fn the_word_is_recognised_among_others_and_nothing_else_is() {
        let mut guard = Guard::default();
        assert!(!guard.comes_back(b"~"));
        let word = guard.question(Handed::Gap(b"gap")).expect("asked").to_owned();
        let line = format!("INFO stderr: ~ is it ~~{word}?");
        assert!(guard.comes_back(line.as_bytes()));
        assert!(!guard.comes_back(line.replace(&word, "~0123456789abcdef").as_bytes()));
        assert!(!guard.comes_back(b""));
    }
}
