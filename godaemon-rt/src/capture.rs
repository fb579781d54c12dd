//! Captured output: a pipe in the place of a standard stream, and the reader at its other end.

use crate::stdio::{Null, Stream};
use crate::sys::{fds, signals};
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, Read};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::time::Duration;

/// How much of a line without an end is held back, in bytes.
const LONGEST_START: usize = 64 * 1024;

/// How much the pipe is asked to hold, in bytes; Linux gives an ordinary user no more.
const PIPE_SIZE: u32 = 1024 * 1024;

/// What the daemon and its children write to standard output or standard error, **line by line**.
///
/// [`read`](Read::read) and [`fill_buf`](BufRead::fill_buf), and what is built on them, hand out whole lines, with
/// their ends and unchanged; the start of a line waits for its end, for the end of input, or until 64 KiB of it are
/// there. So two readers that go into one file never mix within a line.
///
/// # What can be had, and what cannot
///
/// - A reader that is dropped is replaced by the null device: printing goes on and never fails.
/// - A reader that is kept but not read blocks the daemon once the pipe is full (1 MiB where the system allows it,
///   else 64 KiB). Read it on a thread of its own.
/// - What a reader's thread prints to the reader's own stream comes back to it, for ever.
/// - The end of input comes when nobody holds the stream any more, which the daemon itself does until it ends.
///
/// In the foreground nothing is captured and the reader is at its end from the beginning.
///
/// ```no_run
/// # use godaemon_rt as godaemon;
/// use godaemon::{Options, Reader};
/// use std::io::BufRead;
///
/// let mut daemon = Options::new().capture_output().daemonize()?;
/// let stdout: Reader = daemon.take_stdout().expect("output is captured");
/// std::thread::spawn(move || {
///     for line in stdout.lines().map_while(Result::ok) {
///         // into the log
/// #       drop(line);
///     }
/// });
/// # Ok::<(), godaemon::Error>(())
/// ```
pub struct Reader {
    /// `None` when [`into_fd`](Reader::into_fd) gave it away.
    pipe: Option<OwnedFd>,
    /// The stream that the pipe replaced, and what replaces the pipe; `None` in the foreground.
    place: Option<(Stream, Null)>,
    lines: Lines,
}

/// What was read and not yet handed out: `buffer[start..end]`, of which `buffer[start..ready]` may be.
#[derive(Default)]
struct Lines {
    /// Empty until the first read, and then of one size: less than [`LONGEST_START`] is held when more is read.
    buffer: Vec<u8>,
    start: usize,
    ready: usize,
    end: usize,
    ended: bool,
}

/// Puts a pipe in the place of a stream.
pub(crate) fn capture(stream: Stream, null: &Null) -> io::Result<Reader> {
    let (pipe, writer) = fds::pipe()?;
    fds::enlarge_pipe(&writer, PIPE_SIZE);
    fds::duplicate_over(writer.as_raw_fd(), stream.number())?;
    Ok(Reader { pipe: Some(pipe), place: Some((stream, null.clone())), lines: Lines::default() })
}

/// A reader for the foreground: it is at its end.
pub(crate) fn nothing() -> io::Result<Reader> {
    let pipe = fds::above_standard(File::open("/dev/null")?.into())?;
    Ok(Reader { pipe: Some(pipe), place: None, lines: Lines { ended: true, ..Lines::default() } })
}

impl Reader {
    /// The raw pipe, and what was read from it and not yet handed out: the start of a line, mostly.
    ///
    /// The descriptor is the caller's from now on: when it is closed, what the daemon prints fails with `EPIPE`.
    ///
    /// ```no_run
    /// # use godaemon_rt as godaemon;
    /// # let mut daemon = godaemon::Options::new().capture_output().daemonize()?;
    /// let (pipe, read_ahead) = daemon.take_stdout().expect("output is captured").into_fd();
    /// let pipe = std::io::PipeReader::from(pipe);
    /// # drop((pipe, read_ahead));
    /// # Ok::<(), godaemon::Error>(())
    /// ```
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "the pipe is there until this function or drop takes it")]
    pub fn into_fd(mut self) -> (OwnedFd, Vec<u8>) {
        #[expect(clippy::expect_used, reason = "see above")]
        let pipe = self.pipe.take().expect("a reader has its pipe");
        (pipe, self.lines.held().to_vec())
    }

    fn pipe(&self) -> BorrowedFd<'_> {
        #[expect(
            clippy::expect_used,
            reason = "only `into_fd` and `drop` take it, and nothing comes after them"
        )]
        self.pipe.as_ref().expect("a reader has its pipe").as_fd()
    }
}

impl BufRead for Reader {
    /// Waits for at least one whole line. An error of the pipe (`WouldBlock` for one that does not wait) keeps the
    /// start of a line for later.
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while !self.lines.has_ready() {
            let pipe = self.pipe().as_raw_fd();
            self.lines.read_more(|room| fds::read(pipe, room))?;
        }
        Ok(self.lines.buffer.get(self.lines.start..self.lines.ready).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.lines.start = self.lines.ready.min(self.lines.start + amount);
    }
}

impl Lines {
    /// Whether there is something to hand out, be it the news of the end; makes it so if a start of a line is too
    /// long to be held back.
    fn has_ready(&mut self) -> bool {
        if self.ready == self.start && self.end - self.start >= LONGEST_START {
            self.ready = self.end;
        }
        self.ready > self.start || self.ended
    }

    fn held(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Reads once, and finds out what may be handed out then. Everything that could be has been before.
    fn read_more(&mut self, read: impl FnOnce(&mut [u8]) -> io::Result<usize>) -> io::Result<()> {
        self.buffer.resize(2 * LONGEST_START, 0);
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.ready, self.end) = (0, 0, self.end - self.start);
        let (held, room) = self.buffer.split_at_mut(self.end);
        let count = read(room)?;
        self.ended = count == 0;
        self.end += count;
        let last_line_end = room.get(..count).unwrap_or_default().iter().rposition(|&byte| byte == b'\n');
        self.ready = match last_line_end {
            Some(position) => held.len() + position + 1,
            None if self.ended => self.end,
            None => 0,
        };
        Ok(())
    }
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl AsFd for Reader {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pipe()
    }
}

impl AsRawFd for Reader {
    fn as_raw_fd(&self) -> RawFd {
        self.pipe().as_raw_fd()
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("place", &self.place)
            .field("pipe", &self.pipe)
            .field("held", &self.lines.held().len())
            .finish()
    }
}

/// Printing must not fail for want of a reader: the null device comes in its place first, and then what earlier
/// holders of the stream (a print under way, a child) still write is thrown away, until the last of them is gone.
impl Drop for Reader {
    fn drop(&mut self) {
        let (Some(pipe), Some((stream, null))) = (self.pipe.take(), self.place.take()) else { return };
        let is_on = fds::identity(pipe.as_raw_fd()).is_ok_and(|identity| stream.is(identity));
        if is_on && null.over(stream).is_err() {
            // Closing the pipe would make every print fail; keeping it only fills it.
            std::mem::forget(pipe);
            return;
        }
        if discard_what_is_there(&pipe) {
            return;
        }
        // The program may have made it one that does not wait.
        let _ = fds::set_nonblocking(pipe.as_fd(), false);
        let pipe = File::from(pipe);
        let discard = move || drop(io::copy(&mut &pipe, &mut io::sink()));
        // The thread is nobody's business, least of all that of a signal.
        let mask = signals::block_all();
        // If there can be no thread, the pipe is closed with the closure, and the last writers learn that nobody
        // reads.
        let _ =
            std::thread::Builder::new().name("godaemon-discard".into()).stack_size(64 * 1024).spawn(discard);
        mask.restore();
    }
}

/// Reads what a pipe holds; whether that was its end. A writer that never stops does not keep it for ever.
fn discard_what_is_there(pipe: &OwnedFd) -> bool {
    let mut buffer = [0; 4096];
    let mut left = 2 * PIPE_SIZE as usize;
    while left > 0 {
        let mut watched = [signals::Watched::readable(pipe.as_raw_fd())];
        let asked = signals::poll(&mut watched, Some(Duration::ZERO));
        if asked.is_err() || !watched.iter().any(signals::Watched::happened) {
            return false;
        }
        match fds::read(pipe.as_raw_fd(), &mut buffer) {
            Ok(0) | Err(_) => return true,
            Ok(count) => left = left.saturating_sub(count),
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{PipeWriter, Write};

    fn reader() -> (Reader, PipeWriter) {
        let (pipe, writer) = io::pipe().expect("pipe");
        (Reader { pipe: Some(pipe.into()), place: None, lines: Lines::default() }, writer)
    }

    #[test]
    fn lines_come_whole_whatever_the_pieces() {
        let (mut reader, mut writer) = reader();
        writer.write_all(b"one\ntw").expect("write");
        assert_eq!(reader.fill_buf().expect("read"), b"one\n");
        reader.consume(4);
        writer.write_all(b"o\nthree\nfo").expect("write");
        assert_eq!(reader.fill_buf().expect("read"), b"two\nthree\n");
        reader.consume(1);
        assert_eq!(reader.fill_buf().expect("read"), b"wo\nthree\n");
        reader.consume(9);
        drop(writer);
        assert_eq!(reader.fill_buf().expect("read"), b"fo");
        reader.consume(2);
        assert_eq!(reader.fill_buf().expect("read"), b"");
    }

    #[test]
    fn a_small_buffer_gets_every_byte() {
        let (mut reader, mut writer) = reader();
        writer.write_all(b"\xff\0\nabc\n\n").expect("write");
        drop(writer);
        let mut all = Vec::new();
        let mut byte = [0];
        while reader.read(&mut byte).expect("read") == 1 {
            all.extend(byte);
        }
        assert_eq!(all, b"\xff\0\nabc\n\n");
    }

    #[test]
    fn a_long_line_comes_in_pieces_of_at_least_64_kib() {
        let (mut reader, mut writer) = reader();
        let length = 300_000;
        let thread = std::thread::spawn(move || writer.write_all(&vec![b'x'; length]));
        let mut total = 0;
        loop {
            let count = reader.fill_buf().expect("read").len();
            if count == 0 {
                break;
            }
            assert!(count >= LONGEST_START || total + count == length);
            reader.consume(count);
            total += count;
        }
        assert_eq!(total, length);
        assert!(thread.join().expect("no panic").is_ok());
    }

    #[test]
    fn a_long_start_behind_a_line_is_not_held_back() {
        let (mut reader, mut writer) = reader();
        fds::set_nonblocking(reader.as_fd(), true).expect("set");
        let length = LONGEST_START + 10;
        let mut text = b"a\n".to_vec();
        text.resize(2 + length, b'x');
        fds::enlarge_pipe(&writer.as_fd().try_clone_to_owned().expect("duplicate"), PIPE_SIZE);
        writer.write_all(&text).expect("write");
        reader.read_line(&mut String::new()).expect("read");
        assert_eq!(reader.fill_buf().expect("read").len(), length);
    }

    #[test]
    fn nothing_is_read_into_nothing() {
        let (mut reader, _writer) = reader();
        assert_eq!(reader.read(&mut []).expect("read"), 0);
    }

    #[test]
    fn a_pipe_that_does_not_wait_keeps_the_start_of_a_line() {
        let (mut reader, mut writer) = reader();
        fds::set_nonblocking(reader.as_fd(), true).expect("set");
        writer.write_all(b"ab").expect("write");
        assert_eq!(reader.fill_buf().expect_err("no line").kind(), io::ErrorKind::WouldBlock);
        writer.write_all(b"c\n").expect("write");
        assert_eq!(reader.fill_buf().expect("read"), b"abc\n");
    }

    #[test]
    fn into_fd_gives_the_start_of_a_line_as_well() {
        let (mut reader, mut writer) = reader();
        writer.write_all(b"one\ntw").expect("write");
        reader.read_line(&mut String::new()).expect("read");
        let (pipe, read_ahead) = reader.into_fd();
        assert_eq!(read_ahead, b"tw");
        writer.write_all(b"o").expect("write");
        drop(writer);
        let mut rest = Vec::new();
        File::from(pipe).read_to_end(&mut rest).expect("read");
        assert_eq!(rest, b"o");
    }
}
