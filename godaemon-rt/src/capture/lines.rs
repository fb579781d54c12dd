//! Bytes as they come out of a pipe, and the lines in them.

use crate::sys::bytes;
use std::io;

/// How much of a line without an end is held back, in bytes, unless somebody asks for more.
pub(super) const LONGEST_START: usize = 64 * 1024;

/// How much is read at once, in bytes, or more.
const CHUNK: usize = 64 * 1024;

/// What was read and not yet handed out: `buffer[start..end]`, of which `buffer[start..ready]` may be.
pub(super) struct Lines {
    /// How much of a line without an end is held back.
    longest: usize,
    /// Empty until the first read.
    buffer: Vec<u8>,
    start: usize,
    ready: usize,
    end: usize,
    ended: bool,
    /// Whether the last line was handed out without its end.
    is_cut: bool,
    /// Whether what comes next belongs to a line of which the beginning is lost.
    skips: bool,
}

impl Default for Lines {
    fn default() -> Lines {
        Lines {
            longest: LONGEST_START,
            buffer: Vec::new(),
            start: 0,
            ready: 0,
            end: 0,
            ended: false,
            is_cut: false,
            skips: false,
        }
    }
}

impl Lines {
    /// Nothing, and nothing to come.
    pub(super) fn at_end() -> Lines {
        Lines { ended: true, ..Lines::default() }
    }

    /// Holds back more of a line without an end.
    pub(super) fn hold_back(&mut self, longest: usize) {
        self.longest = longest;
    }

    /// Whether there is something to hand out, be it the news of the end; makes it so if a start of a line is too
    /// long to be held back.
    pub(super) fn has_ready(&mut self) -> bool {
        if self.ready == self.start && self.end - self.start >= self.longest {
            self.ready = self.end;
        }
        self.ready > self.start || self.ended
    }

    /// What may be handed out.
    pub(super) fn ready(&self) -> &[u8] {
        self.buffer.get(self.start..self.ready).unwrap_or_default()
    }

    pub(super) fn consume(&mut self, amount: usize) {
        self.start = self.ready.min(self.start + amount);
    }

    /// What was not handed out yet.
    pub(super) fn held(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Lets go what is held back: nothing more will come.
    pub(super) fn end(&mut self) {
        self.ended = true;
        self.ready = self.end;
    }

    /// Throws away what is held, since what followed it is lost; how much it was. If that was not whole lines, the rest of
    /// the last one will be thrown away as well.
    pub(super) fn lose(&mut self, is_whole: bool) -> usize {
        let held = self.end - self.start;
        (self.start, self.ready, self.end) = (0, 0, 0);
        (self.is_cut, self.skips) = (false, !is_whole);
        held
    }

    /// The next line that may be handed out, without its end; or a piece of one that is too long.
    pub(super) fn next_line(&mut self) -> Option<&[u8]> {
        match self.ready().first() {
            None => return None,
            // The end of a line of which all else has been handed out is no line.
            Some(b'\n') if self.is_cut => self.consume(1),
            Some(_) => {}
        }
        self.is_cut = false;
        let begin = self.start;
        let rest = self.ready();
        let length = match bytes::find(b'\n', rest) {
            Some(position) => {
                self.start += position + 1;
                position
            }
            None if rest.is_empty() => return None,
            None => {
                let length = rest.len();
                self.start = self.ready;
                self.is_cut = true;
                length
            }
        };
        self.buffer.get(begin..begin + length)
    }

    /// Reads once, and finds out what may be handed out then; how much came. Everything that could be handed out has been
    /// before.
    pub(super) fn read_more(
        &mut self,
        read: impl FnOnce(&mut [u8]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let held = self.end - self.start;
        if self.buffer.len() < held + CHUNK {
            self.buffer.resize((held + CHUNK).next_power_of_two().max(2 * CHUNK), 0);
        }
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
        }
        (self.start, self.ready, self.end) = (0, 0, held);
        let room = self.buffer.get_mut(held..).unwrap_or_default();
        let count = read(room)?;
        let new = room.get(..count).unwrap_or_default();
        self.ended = count == 0;
        self.end += count;
        let last_line_end = bytes::find_last(b'\n', new);
        self.ready = match last_line_end {
            Some(position) => held + position + 1,
            None if self.ended => self.end,
            None => 0,
        };
        if self.skips {
            self.skip();
        }
        Ok(count)
    }

    /// Skips the rest of a line, which is at the beginning of the buffer.
    fn skip(&mut self) {
        match bytes::find(b'\n', self.held()) {
            Some(position) => {
                self.start += position + 1;
                self.skips = false;
            }
            None => (self.ready, self.end) = (0, 0),
        }
    }
}
