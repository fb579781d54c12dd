//! The table of all errors in the documentation, to compare with what happens.

use std::sync::LazyLock;

use regex_lite::Regex;

const TABLES: &str = include_str!("../../godaemon-rt/src/errors.md");

/// Words in capitals stand for what differs.
static PLACEHOLDER: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b[A-Z]+\b").unwrap());

/// A message of the table.
#[derive(Debug)]
pub struct Message {
    pub text: &'static str,
    status: &'static str,
}

/// Every message of the table.
pub fn documented() -> impl Iterator<Item = Message> {
    TABLES.lines().filter(|line| line.starts_with("| `")).map(|row| {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        Message { text: cells[1].trim_matches('`'), status: cells[3] }
    })
}

impl Message {
    /// The pieces that are always the same.
    pub fn fixed(&self) -> impl Iterator<Item = &'static str> {
        PLACEHOLDER.split(self.text).filter(|piece| !piece.is_empty())
    }

    /// Some are about the parent, or about the first child.
    fn fits(&self, message: &str) -> bool {
        let escaped = regex_lite::escape(self.text);
        let pattern = format!("^{}$", PLACEHOLDER.replace_all(&escaped, ".+"));
        let pattern = Regex::new(&pattern).unwrap();
        [message, message.trim_start_matches("first child: ")].iter().any(|it| pattern.is_match(it))
    }

    fn allows(&self, status: i32) -> bool {
        match self.status {
            "the daemon's" => true,
            "128 + N" => status > 128,
            number => number.parse() == Ok(status),
        }
    }
}

/// The table has this message, with this status.
#[track_caller]
pub fn assert_documented(message: &str, status: i32) {
    // Of all that fit the one with most in common: a name and a reason fit nearly everything.
    let common = |row: &Message| row.fixed().map(str::len).sum::<usize>();
    let fitting: Vec<_> = documented().filter(|row| row.fits(message)).collect();
    let most = fitting.iter().map(common).max();
    let nearest: Vec<_> = fitting.iter().filter(|row| Some(common(row)) == most).collect();
    assert!(nearest.iter().any(|row| row.allows(status)), "{status}, `{message}`: of the table {nearest:?}");
}
