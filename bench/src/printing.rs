//! What the benchmark `captured_output` and the program `printer` tell each other.

use crate::program::numbers;
use std::fmt;
use std::io::{self, Write};
use std::num::ParseIntError;
use std::str::FromStr;
use std::time::Duration;

/// A line of 100 bytes, but for its end.
const LINE: &[u8; 99] =
    b"a line of one hundred bytes, its end included, such as programs print when they have a lot to tell.";

/// What is printed at once if it is much, in bytes.
const PIECE: usize = 64 * 1024;

/// Where what is printed goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Way {
    /// Through `Reader::forward` of a daemon to a closure that counts lines and bytes.
    Forwarded,
    /// Into standard output as it was found: a pipe or a file.
    Inherited,
    /// Through a pipe to a thread of the same process.
    Thread,
}

/// What is printed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Text {
    /// Lines of 100 bytes, each by `println!`.
    Lines,
    /// 64 KiB at once, which are one line.
    LongLines,
    /// 64 KiB at once, which are lines of 100 bytes.
    ManyLines,
}

impl Text {
    /// What is printed at once.
    #[must_use]
    pub fn piece(self) -> Vec<u8> {
        let line = [&LINE[..], b"\n"].concat();
        let (length, line) = match self {
            Text::Lines => (line.len(), line),
            Text::LongLines => (PIECE, vec![b'x'; PIECE]),
            Text::ManyLines => (PIECE, line),
        };
        let mut piece: Vec<u8> = line.into_iter().cycle().take(length - 1).collect();
        piece.push(b'\n');
        piece
    }

    /// Prints at least so many bytes; how many it was.
    pub fn print(self, bytes: u64) -> io::Result<u64> {
        let piece = self.piece();
        let pieces = bytes.div_ceil(piece.len() as u64);
        if self == Text::Lines {
            let line = String::from_utf8_lossy(LINE);
            (0..pieces).for_each(|_| println!("{line}"));
        } else {
            let mut stdout = io::stdout().lock();
            (0..pieces).try_for_each(|_| stdout.write_all(&piece))?;
        }
        Ok(pieces * piece.len() as u64)
    }
}

/// What the program is to do: its arguments.
#[derive(Clone, Debug)]
pub struct Order {
    /// Where to.
    pub way: Way,
    /// What.
    pub text: Text,
    /// How many bytes; each figure is waited for, and reported, before what follows is printed.
    pub amounts: Vec<u64>,
}

impl Order {
    /// As arguments.
    #[must_use]
    pub fn to_args(&self) -> Vec<String> {
        let head = [format!("{:?}", self.way), format!("{:?}", self.text)];
        head.into_iter().chain(self.amounts.iter().map(u64::to_string)).collect()
    }

    /// From arguments; `None` if they are others.
    pub fn from_args(mut args: impl Iterator<Item = String>) -> Option<Order> {
        let (way, text) = (args.next()?, args.next()?);
        let way = [Way::Forwarded, Way::Inherited, Way::Thread]
            .into_iter()
            .find(|one| format!("{one:?}") == way)?;
        let text = [Text::Lines, Text::LongLines, Text::ManyLines]
            .into_iter()
            .find(|one| format!("{one:?}") == text)?;
        let amounts: std::result::Result<_, ParseIntError> = args.map(|amount| amount.parse()).collect();
        Some(Order { way, text, amounts: amounts.ok()? })
    }
}

/// One of the amounts was printed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Report {
    /// How many bytes.
    pub bytes: u64,
    /// Before the first of them was printed.
    pub begin: Duration,
    /// When the last had arrived at the consumer; or was printed, if that is another process.
    pub end: Duration,
    /// How many lines the consumer has counted, if it does.
    pub lines: u64,
    /// The most memory that the process has had so far, in KiB; 0 where the system does not tell.
    pub peak: u64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [begin, end] = [self.begin, self.end].map(|time| time.as_nanos());
        write!(f, "{} {begin} {end} {} {}", self.bytes, self.lines, self.peak)
    }
}

impl FromStr for Report {
    type Err = String;

    fn from_str(line: &str) -> std::result::Result<Report, String> {
        let [bytes, begin, end, lines, peak] = numbers(line)?;
        let [begin, end] = [begin, end].map(Duration::from_nanos);
        Ok(Report { bytes, begin, end, lines, peak })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_is_as_long_as_it_says() {
        let lines = |text: Text| {
            let piece = text.piece();
            assert_eq!(piece.last(), Some(&b'\n'));
            (piece.len(), piece.split(|byte| *byte == b'\n').count() - 1)
        };
        assert_eq!(lines(Text::Lines), (100, 1));
        assert_eq!(lines(Text::LongLines), (65_536, 1));
        assert_eq!(lines(Text::ManyLines), (65_536, 656));
    }

    #[test]
    fn an_order_and_a_report_arrive_as_they_were() {
        let order = Order { way: Way::Thread, text: Text::ManyLines, amounts: vec![1, 2] };
        let arrived = Order::from_args(order.to_args().into_iter()).expect("an order");
        assert_eq!(arrived.to_args(), order.to_args());
        let [begin, end] = [7, 8].map(Duration::from_millis);
        let report = Report { bytes: 1, begin, end, lines: 2, peak: 3 };
        assert_eq!(report.to_string().parse(), Ok(report));
        assert!("1 2 3".parse::<Report>().is_err());
    }
}
