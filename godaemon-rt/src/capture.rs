//! Captured output: a pipe in the place of a standard stream, and the reader at its other end.

mod forward;
mod lines;

#[cfg(any(feature = "log", feature = "tracing"))]
mod records;

use crate::error::Error;
use crate::stdio::{Lead, Null, Stream};
use crate::sys::process::{self, Pid};
use crate::sys::signals::{self, Watched};
use crate::sys::{fds, stdio};
use forward::Handed;
use lines::Lines;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, Read, Write};
use std::ops::ControlFlow;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

/// How much the pipe is asked to hold, in bytes; Linux gives an ordinary user no more.
const PIPE_SIZE: u32 = 1024 * 1024;

/// How long the end of the process, and a panic, wait for the forwarders.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What the daemon and its children write to standard output or standard error, **line by line**.
///
/// [`forward`](Reader::forward) is the way to take for most programs: nothing that was printed is lost at the end of the
/// process. To read yourself, use it as a [`Read`] or [`BufRead`]. [`read`](Read::read) and [`fill_buf`](BufRead::fill_buf),
/// and what is built on them, hand out whole lines, with their ends and unchanged; the start of a line waits for its end, for
/// the end of input, or until 64 KiB of it are there. So two readers that go into one file never mix within a line.
///
/// The end of input comes when nobody holds the stream any more: [`close_output`] takes it away from the daemon itself, and
/// so does the end of the process; children keep it until they end.
///
/// # What can be had, and what cannot
///
/// - A reader that is dropped is replaced by the null device: printing goes on and never fails.
/// - A reader that is kept but not read blocks the daemon once the pipe is full (1 MiB where the system allows it,
///   else 64 KiB). Forward it, or read it on a thread of its own. A reader that is taken later lets the daemon go on.
/// - What a reader's thread prints to the reader's own stream comes back to it, for ever.
/// - The last words of a process that a signal ends (also SIGTERM, if the program does not handle it) or that aborts are only
///   safe in a file: take the options `stdout` and `stderr` where those matter most. (The message of a panic is handed out
///   before an abort.)
/// - C's `printf`, and many children, hold back what they print into a pipe: it comes late, with others' output in between,
///   and is lost when a signal ends the process.
/// - A helper that is started before the daemon is up, and without captured output, has the start's pipe as 1 and 2 and gets
///   `EPIPE` (and SIGPIPE) afterwards: start helpers after [`notify`](crate::Ready::notify), or give them an output.
/// - A child that outlives the daemon gets `EPIPE` (and SIGPIPE) for what it prints then. It never blocks, unless a child that
///   was forked without `exec` lives on: that one has the other end of the pipe.
/// - A child that makes its standard output one that does not wait (`O_NONBLOCK`) does so for all who have the pipe: `println!`
///   panics then when the pipe is full. Give such a child an output of its own.
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
/// let reading = std::thread::spawn(move || {
///     for line in stdout.lines().map_while(Result::ok) {
///         // into the log
/// #       drop(line);
///     }
/// });
/// // ...
/// godaemon::close_output()?;
/// reading.join().expect("the reading thread does not panic"); // every line is in the log
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Reader {
    /// `None` when [`into_fd`](Reader::into_fd) gave it away.
    pipe: Option<OwnedFd>,
    /// The stream that the pipe is in the place of; `None` in the foreground.
    stream: Option<Stream>,
    lines: Lines,
}

/// The streams that are captured.
struct Captured {
    /// A child that the program forks has all this as well, and no forwarders.
    owner: Pid,
    leads: [Lead; 2],
    /// At the end of the process: what was printed reaches the readers that forward. (A program that captures nothing
    /// does without the code, which is reached from here only.)
    end: fn(&Captured),
    /// Likewise, when a reader is dropped.
    discard: fn(&Captured, OwnedFd, Stream),
}

static CAPTURED: OnceLock<Captured> = OnceLock::new();

/// Puts pipes in the places of both streams.
pub(crate) fn both(null: &Null) -> Result<[Reader; 2], Error> {
    let capture =
        |stream| capture(stream, null).map_err(|why| Error::system("cannot capture the output", why));
    let ((stdout, output), (stderr, error)) = (capture(Stream::Output)?, capture(Stream::Error)?);
    let (owner, leads) = (process::own(), [output, error]);
    // A daemon settles once.
    let _ = CAPTURED.set(Captured { owner, leads, end: Captured::end, discard: Captured::discard });
    Ok([stdout, stderr])
}

fn capture(stream: Stream, null: &Null) -> io::Result<(Reader, Lead)> {
    let (pipe, writer) = fds::pipe()?;
    fds::enlarge_pipe(&writer, PIPE_SIZE);
    let lead = Lead::through(pipe.as_raw_fd(), null.clone())?;
    fds::duplicate_over(writer.as_raw_fd(), stream.number())?;
    Ok((Reader { pipe: Some(pipe), stream: Some(stream), lines: Lines::default() }, lead))
}

/// A reader for the foreground: it is at its end.
pub(crate) fn nothing() -> io::Result<Reader> {
    let pipe = fds::above_standard(File::open("/dev/null")?.into())?;
    Ok(Reader { pipe: Some(pipe), stream: None, lines: Lines::at_end() })
}

/// Ends captured output: the readers come to the end of input.
///
/// What [`print!`] and C's `printf` have held back is printed, and then the null device comes in the place of standard output
/// and standard error; what is printed from now on goes nowhere. Children that hold the streams keep them: while one of them
/// lives the input does not end.
///
/// For programs that read on a thread of their own and [`join`](std::thread::JoinHandle::join) it; see [`Reader`]. At the end
/// of the process the library does the same by itself, and waits for the readers that [forward](Reader::forward).
///
/// A stream that is not captured, or where the program has put something else, stays as it is.
///
/// # Errors
///
/// What was held back cannot be printed, or the null device cannot be put in place.
///
/// ```no_run
/// # use godaemon_rt as godaemon;
/// println!("the last line");
/// godaemon::close_output()?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn close_output() -> io::Result<()> {
    let Some(captured) = CAPTURED.get() else { return Ok(()) };
    io::stdout().flush()?;
    stdio::flush_output();
    captured.close()
}

impl Captured {
    /// The streams that this process has captured itself.
    fn own() -> Option<&'static Captured> {
        CAPTURED.get().filter(|captured| captured.owner == process::own())
    }

    fn lead(&self, stream: Stream) -> &Lead {
        let [output, error] = &self.leads;
        match stream {
            Stream::Output => output,
            Stream::Error => error,
        }
    }

    /// The stream that leads into the pipe of another, or of its own: the program may have put one over the other.
    fn leading_to(&self, stream: Stream) -> Option<Stream> {
        Stream::BOTH.into_iter().find(|&one| self.lead(stream).is_on(one))
    }

    /// Puts the null device over whatever leads into the pipe of a stream.
    fn let_go(&self, stream: Stream) -> io::Result<()> {
        let lead = self.lead(stream);
        Stream::BOTH.map(|one| lead.let_go(one)).into_iter().collect()
    }

    fn close(&self) -> io::Result<()> {
        Stream::BOTH.map(|stream| self.let_go(stream)).into_iter().collect()
    }

    fn end(&self) {
        let (half, deadline) = (Instant::now() + LAST_WORDS / 2, Instant::now() + LAST_WORDS);
        // What C prints may go into the pipe of standard error.
        let reads_c = |&stream: &Stream| self.lead(stream).is_on(Stream::Output);
        if Stream::BOTH.iter().any(|stream| reads_c(stream) && forward::is_forwarded(*stream)) {
            flush_c(half);
        }
        // What closures themselves print meanwhile, a panic's message for one, is printed before the end, too.
        forward::catch_up(half);
        // Nobody is left to hear of what cannot be done.
        let _ = self.close();
        forward::finish(deadline);
    }

    /// The null device comes in the place of the stream, and then what earlier holders of it (a print under way, a
    /// child) still write is thrown away, until the last of them is gone.
    fn discard(&self, pipe: OwnedFd, stream: Stream) {
        if self.let_go(stream).is_err() {
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
        let _ = thread::Builder::new().name("godaemon-discard".into()).spawn(discard);
        mask.restore();
    }
}

/// At the end of the process.
pub(crate) fn end() {
    if let Some(captured) = Captured::own() {
        (captured.end)(captured);
    }
}

/// Lets C print what it holds back, which it does by itself later than this, and too late.
fn flush_c(deadline: Instant) {
    let left = || deadline.saturating_duration_since(Instant::now());
    let mut room = [Watched::writable(Stream::Output.number())];
    // It is mostly less than there is room for, if there is room.
    while !room.iter().any(Watched::has_room) {
        if left().is_zero() || signals::poll(&mut room, Some(left())).is_err() {
            return;
        }
    }
    while !stdio::flush_output_if_free() && !left().is_zero() {
        thread::sleep(Duration::from_millis(1));
    }
}

impl Reader {
    /// Hands each line to `f`, without its end, on a thread of its own.
    ///
    /// - A last line without an end comes, too, and a line of more than 1 MiB comes in pieces of 1 to 2 MiB.
    /// - **At the end of the process** (`main` returns or panics, or any thread calls [`exit`](std::process::exit)) everything
    ///   that was printed before has been handed out, `f` has returned, and it has been dropped (so a
    ///   [`BufWriter`](io::BufWriter) in it is flushed), or one second has passed. (An `f` that itself calls `exit` gets
    ///   nothing more, and is not dropped.)
    /// - **After a panic** in any thread, that thread waits until its message has been handed out, one second at most: so the
    ///   message is not lost if an abort follows. A panic hook does this, and one that the program sets later has to call it:
    ///   [`take_hook`](std::panic::take_hook).
    /// - **A panic in `f`** is reported by the panic hook, once; the line is lost, and `f` is called for those that follow.
    /// - **A slow `f`** makes those who print wait as soon as the pipe is full (see [`Reader`]). But a single call that
    ///   takes more than five seconds holds nobody up: when the pipe is full, what is in it is thrown away, and `f` is told
    ///   when it has returned, by a line `godaemon: at least N bytes of standard output are missing here: ...`.
    /// - **What `f` prints** to the same stream comes back to it as a line, for ever; have it print elsewhere. Even then
    ///   nothing hangs: if it waits for room in the pipe that only it could make, or for a lock that a thread has which
    ///   prints, the pipe is emptied after the five seconds, and after half a second from then on until it has caught up.
    /// - The two streams have a thread each, so the order between lines of both is not kept.
    /// - When the input ends, so does the thread, and `f` is dropped. Signals are blocked in it.
    ///
    /// In the foreground there is no input: `f` is dropped at once.
    ///
    /// # Errors
    ///
    /// No thread or descriptor can be had. Then the stream goes to the null device.
    ///
    /// ```no_run
    /// # use godaemon_rt as godaemon;
    /// # use godaemon::Options;
    /// use std::fs::File;
    /// use std::io::Write;
    ///
    /// let mut daemon = Options::new().file_with("log", || File::create("/var/log/echod.log")).capture_output().daemonize()?;
    /// let mut log: File = daemon.take_file("log")?;
    /// let stderr = daemon.take_stderr().expect("output is captured");
    /// stderr.forward(move |line| {
    ///     // There is nobody to tell that the log cannot be written.
    ///     let _ = log.write_all(&[line, b"\n"].concat());
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn forward(self, mut f: impl FnMut(&[u8]) + Send + 'static) -> io::Result<()> {
        self.forward_while(move |handed| {
            f(handed.text());
            ControlFlow::Continue(())
        })
    }

    /// Makes each line a record of the crate [`log`](https://docs.rs/log), with this level and the target `stdout` or
    /// `stderr`; otherwise as [`forward`](Reader::forward). Needs the feature `log`.
    ///
    /// Bytes that are not UTF-8 are replaced by U+FFFD. What was handed out is as safe as the logger makes it: one that
    /// hands it to a thread of its own may lose the last of it when the process ends.
    ///
    /// **The logger must not print to the same stream**: have it write into a file, or to the system's log. If it does so
    /// all the same, that is found out. After 1 MiB, 8 MiB, 64 MiB, and so on, and after a gap, one record more is logged,
    /// which asks whether the log comes back, with a random word. If the word comes back as a line, forwarding ends: a last
    /// record says so (for those who have the log elsewhere as well), and what is printed to the stream from then on goes to
    /// the null device.
    ///
    /// # Errors
    ///
    /// Those of [`forward`](Reader::forward).
    ///
    /// ```no_run
    /// # use godaemon_rt as godaemon;
    /// # let mut daemon = godaemon::Options::new().capture_output().daemonize()?;
    /// let stderr = daemon.take_stderr().expect("output is captured");
    /// stderr.forward_to_log(log::Level::Warn)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "log")]
    pub fn forward_to_log(self, level: ::log::Level) -> io::Result<()> {
        records::to_log(self, level)
    }

    /// Makes each line an event of the crate [`tracing`](https://docs.rs/tracing), with this level and the target `stdout` or
    /// `stderr`; otherwise as [`forward`](Reader::forward). Needs the feature `tracing`.
    ///
    /// Bytes that are not UTF-8 are replaced by U+FFFD. The events have no span. What was handed out is as safe as the
    /// subscriber makes it: one that hands it to a thread of its own may lose the last of it when the process ends.
    ///
    /// **The subscriber must not print to the same stream**: have it write into a file, or to the system's log. If it does so
    /// all the same, that is found out. After 1 MiB, 8 MiB, 64 MiB, and so on, and after a gap, one event more is logged,
    /// which asks whether the log comes back, with a random word. If the word comes back as a line, forwarding ends: a last
    /// event says so (for those who have the log elsewhere as well), and what is printed to the stream from then on goes to
    /// the null device.
    ///
    /// # Errors
    ///
    /// Those of [`forward`](Reader::forward).
    ///
    /// ```no_run
    /// # use godaemon_rt as godaemon;
    /// # let mut daemon = godaemon::Options::new().capture_output().daemonize()?;
    /// let stderr = daemon.take_stderr().expect("output is captured");
    /// stderr.forward_to_tracing(tracing::Level::WARN)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "tracing")]
    pub fn forward_to_tracing(self, level: ::tracing::Level) -> io::Result<()> {
        records::to_tracing(self, level)
    }

    /// Forwards until the closure has enough: then the stream goes to the null device.
    fn forward_while(self, f: impl FnMut(Handed<'_>) -> ControlFlow<()> + Send + 'static) -> io::Result<()> {
        match self.stream {
            Some(stream) => forward::spawn(stream, self, f),
            None => Ok(()),
        }
    }

    /// Sets whether reading returns at once, with [`WouldBlock`](io::ErrorKind::WouldBlock), when there is no whole line:
    /// for event loops, such as tokio's `AsyncFd`. Whoever prints does not notice.
    ///
    /// # Errors
    ///
    /// Those of `fcntl(2)`.
    ///
    /// ```no_run
    /// # use godaemon_rt as godaemon;
    /// # let mut daemon = godaemon::Options::new().capture_output().daemonize()?;
    /// let stdout = daemon.take_stdout().expect("output is captured");
    /// stdout.set_nonblocking(true)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        fds::set_nonblocking(self.pipe(), nonblocking)
    }

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
        Ok(self.lines.ready())
    }

    fn consume(&mut self, amount: usize) {
        self.lines.consume(amount);
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
            .field("stream", &self.stream)
            .field("pipe", &self.pipe)
            .field("held", &self.lines.held().len())
            .finish()
    }
}

/// Printing must not fail for want of a reader.
impl Drop for Reader {
    fn drop(&mut self) {
        let (Some(pipe), Some(stream)) = (self.pipe.take(), self.stream) else { return };
        // In a child that was forked the pipe is its parent's, who reads it.
        if let Some(captured) = Captured::own() {
            (captured.discard)(captured, pipe, stream);
        }
    }
}

/// Reads what a pipe holds; whether that was its end. A writer that never stops does not keep it for ever.
fn discard_what_is_there(pipe: &OwnedFd) -> bool {
    let mut buffer = [0; 4096];
    let mut left = 2 * PIPE_SIZE as usize;
    while left > 0 {
        let mut watched = [Watched::readable(pipe.as_raw_fd())];
        let asked = signals::poll(&mut watched, Some(Duration::ZERO));
        if asked.is_err() || !watched.iter().any(Watched::happened) {
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
        (Reader { pipe: Some(pipe.into()), stream: None, lines: Lines::default() }, writer)
    }

    #[test]
    fn lines_come_whole_whatever_the_pieces() {
        let (mut reader, mut writer) = reader();
        writer.write_all(b"one\ntw").expect("write");
        assert_eq!(reader.fill_buf().expect("read"), b"one\n");
        reader.consume(4);
        writer.write_all(b"o\nthree\nf").expect("write");
        assert_eq!(reader.fill_buf().expect("read"), b"two\nthree\n");
        reader.consume(1);
        assert_eq!(reader.fill_buf().expect("read"), b"wo\nthree\n");
        reader.consume(9);
        drop(writer);
        assert_eq!(reader.fill_buf().expect("read"), b"f");
        reader.consume(1);
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
            assert!(count >= lines::LONGEST_START || total + count == length);
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
        let length = lines::LONGEST_START + 10;
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
