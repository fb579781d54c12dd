//! What parent, first child and daemon tell each other, and how it is put into bytes. Pure but for [`Sender`].
//!
//! A message is a frame: the length of what follows (32 bits, little-endian), its kind (one byte), its content. A
//! frame that a copy sends goes out in one call and is small enough to arrive in one piece, so that the first child,
//! which reports the end of the daemon, never cuts into what that was about to say.

use crate::error::ErrorKind;
use crate::identity::{Account, Identity};
use crate::log_files::{Creation, Place};
use crate::stdio::Stream;
use crate::sys::copy::Step;
use crate::sys::process::End;
use crate::sys::socket::{self, Patience};
use std::ffi::OsString;
use std::io;
use std::os::fd::RawFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// What follows the length in the shortest frame: a kind.
const SHORTEST: usize = 1;

/// The longest frame that is accepted: the settings with the names and numbers of some hundred thousand files.
const LONGEST: usize = 4 * 1024 * 1024;

/// The longest text of a failure with all its causes, in bytes; a longer one is cut.
const LONGEST_TEXT: usize = 4 * 1024;

/// How many texts of a failure travel.
const MOST_TEXTS: usize = 16;

/// What the parent sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ToDaemon {
    /// Waits in the channel for both copies to look at; the daemon takes it out.
    Hello { random: u64 },
    /// What the daemon needs in order to settle.
    Settings(Box<Settings>),
    /// The start has happened; the daemon may go on.
    Confirm,
}

/// What the daemon needs in order to settle: no secret, no code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Each file's name and the descriptors that it consists of.
    pub(crate) files: Vec<(String, Vec<RawFd>)>,
    pub(crate) capture_output: bool,
    pub(crate) wait_for_ready: bool,
    pub(crate) umask: u32,
    /// The directory to work in; `/` without one.
    pub(crate) directory: Option<RawFd>,
    /// The name that `ps -o comm` shows.
    pub(crate) name: Vec<u8>,
    pub(crate) pid_file: Option<(RawFd, PathBuf)>,
    pub(crate) log_files: Vec<(RawFd, Place)>,
    /// How log files are made that are opened again.
    pub(crate) creation: Creation,
    pub(crate) identity: Option<Identity>,
}

impl Settings {
    /// Every descriptor that the daemon is to own.
    pub(crate) fn descriptors(&self) -> impl Iterator<Item = RawFd> {
        let files = self.files.iter().flat_map(|(_, numbers)| numbers).copied();
        let others = self.pid_file.iter().map(|(fd, _)| *fd).chain(self.log_files.iter().map(|(fd, _)| *fd));
        files.chain(self.directory).chain(others)
    }
}

/// What the parent receives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ToParent {
    /// The daemon is up and waits to be confirmed.
    Up { pid: u32 },
    /// The daemon is about to end because of this; causes behind what they caused.
    Failed(Reason),
    /// A thread of the daemon panicked. Without a text if that has appeared at the terminal.
    Panicked { text: String },
    /// The daemon let go of `Ready` without using it.
    ReadyDropped,
    /// The first child could not start the daemon, or not watch over it, and ends it.
    NotStarted { step: Step, errno: i32 },
    /// The daemon ended before it was up.
    Ended { end: End, progress: Progress },
}

/// Why the daemon ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reason {
    pub(crate) kind: ErrorKind,
    pub(crate) texts: Vec<String>,
}

/// How far the daemon had come when it ended, as what it left unread in the channel tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Its first statement was never reached: the loader refused it.
    NotLoaded,
    /// It ran, but never called `daemonize`.
    NotCalled,
    /// It was settling or ran the body.
    Called,
}

/// A frame that is none of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

impl From<Malformed> for io::Error {
    fn from(_: Malformed) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, "malformed message")
    }
}

/// The kinds of frames; the numbers are arbitrary, and the same in all three processes, which run the same file.
mod kind {
    pub(super) const HELLO: u8 = 1;
    pub(super) const SETTINGS: u8 = 2;
    pub(super) const CONFIRM: u8 = 3;
    pub(super) const UP: u8 = 4;
    pub(super) const FAILED: u8 = 5;
    pub(super) const PANICKED: u8 = 6;
    pub(super) const READY_DROPPED: u8 = 7;
    pub(super) const NOT_STARTED: u8 = 8;
    pub(super) const ENDED: u8 = 9;
}

/// A message that can travel.
pub(crate) trait Message: Sized {
    /// The frame of the message.
    fn encode(&self) -> Vec<u8>;
    /// The message of a frame, without the length.
    fn decode(frame: &[u8]) -> Result<Self, Malformed>;
}

impl Message for ToDaemon {
    fn encode(&self) -> Vec<u8> {
        match self {
            ToDaemon::Hello { random } => hello(*random).to_vec(),
            ToDaemon::Settings(settings) => settings.encode(),
            ToDaemon::Confirm => Frame::new(kind::CONFIRM).finish(),
        }
    }

    fn decode(frame: &[u8]) -> Result<ToDaemon, Malformed> {
        let (kind, mut content) = open(frame)?;
        let message = match kind {
            kind::HELLO => ToDaemon::Hello { random: u64::from_le_bytes(content.array()?) },
            kind::SETTINGS => ToDaemon::Settings(Box::new(Settings::decode(&mut content)?)),
            kind::CONFIRM => ToDaemon::Confirm,
            _ => return Err(Malformed),
        };
        content.end().map(|()| message)
    }
}

impl Settings {
    fn encode(&self) -> Vec<u8> {
        let mut frame = Frame::new(kind::SETTINGS);
        frame.put_list(&self.files, |frame, (name, fds)| {
            frame.put_bytes(name.as_bytes());
            frame.put_list(fds, |frame, &fd| frame.put_i32(fd));
        });
        frame.put_bool(self.capture_output);
        frame.put_bool(self.wait_for_ready);
        frame.put_u32(self.umask);
        frame.put_option(self.directory.as_ref(), |frame, &fd| frame.put_i32(fd));
        frame.put_bytes(&self.name);
        frame.put_option(self.pid_file.as_ref(), |frame, (fd, path)| {
            frame.put_i32(*fd);
            frame.put_path(path);
        });
        frame.put_list(&self.log_files, |frame, (fd, place)| {
            frame.put_i32(*fd);
            frame.put_path(&place.path);
            Stream::BOTH.iter().for_each(|stream| frame.put_bool(place.streams.contains(stream)));
        });
        frame.put_u32(self.creation.mode);
        frame.put_option(self.creation.user.as_ref(), |frame, &user| frame.put_u32(user));
        frame.put_option(self.creation.group.as_ref(), |frame, &group| frame.put_u32(group));
        frame.put_option(self.identity.as_ref(), |frame, identity| {
            frame.put_option(identity.user.as_ref(), |frame, &user| frame.put_u32(user));
            frame.put_u32(identity.group);
            frame.put_list(&identity.groups, |frame, &group| frame.put_u32(group));
            frame.put_option(identity.account.as_ref(), |frame, account| {
                frame.put_bytes(&account.home);
                frame.put_option(account.name.as_ref(), |frame, name| frame.put_bytes(name));
            });
            frame.put_bytes(identity.label.as_bytes());
        });
        frame.finish()
    }

    fn decode(content: &mut Content<'_>) -> Result<Settings, Malformed> {
        Ok(Settings {
            files: content.list(|content| Ok((content.text()?, content.list(Content::descriptor)?)))?,
            capture_output: content.bool()?,
            wait_for_ready: content.bool()?,
            umask: content.u32()?,
            directory: content.option(Content::descriptor)?,
            name: content.bytes()?.to_vec(),
            pid_file: content.option(|content| Ok((content.descriptor()?, content.path()?)))?,
            log_files: content.list(|content| {
                let (fd, path) = (content.descriptor()?, content.path()?);
                let mut streams = Vec::new();
                for stream in Stream::BOTH {
                    streams.extend(content.bool()?.then_some(stream));
                }
                Ok((fd, Place { path, streams }))
            })?,
            creation: Creation {
                mode: content.u32()?,
                user: content.option(Content::u32)?,
                group: content.option(Content::u32)?,
            },
            identity: content.option(|content| {
                Ok(Identity {
                    user: content.option(Content::u32)?,
                    group: content.u32()?,
                    groups: content.list(Content::u32)?,
                    account: content.option(|content| {
                        let home = content.bytes()?.to_vec();
                        let name = content.option(|content| content.bytes().map(<[u8]>::to_vec))?;
                        Ok(Account { home, name })
                    })?,
                    label: content.text()?,
                })
            })?,
        })
    }
}

impl Message for ToParent {
    fn encode(&self) -> Vec<u8> {
        match self {
            ToParent::Up { pid } => {
                let mut frame = Frame::new(kind::UP);
                frame.put_u32(*pid);
                frame.finish()
            }
            ToParent::Failed(reason) => {
                let (kind, detail) = reason.kind.to_numbers();
                let mut frame = Frame::new(kind::FAILED);
                frame.content.push(kind);
                frame.put_i32(detail);
                let texts = reason.texts.get(..MOST_TEXTS).unwrap_or(&reason.texts);
                frame.put_count(texts.len());
                let mut room = LONGEST_TEXT;
                for text in texts {
                    let text = cut(text, room);
                    room -= text.len();
                    frame.put_bytes(text.as_bytes());
                }
                frame.finish()
            }
            ToParent::Panicked { text } => {
                let mut frame = Frame::new(kind::PANICKED);
                frame.put_bytes(cut(text, LONGEST_TEXT).as_bytes());
                frame.finish()
            }
            ToParent::ReadyDropped => Frame::new(kind::READY_DROPPED).finish(),
            ToParent::NotStarted { step, errno } => not_started(*step, *errno).to_vec(),
            ToParent::Ended { end, progress } => ended(*end, *progress).to_vec(),
        }
    }

    fn decode(frame: &[u8]) -> Result<ToParent, Malformed> {
        let (kind, mut content) = open(frame)?;
        let message = match kind {
            kind::UP => ToParent::Up { pid: content.u32()? },
            kind::FAILED => {
                let kind = ErrorKind::from_numbers(content.byte()?, content.i32()?).ok_or(Malformed)?;
                ToParent::Failed(Reason { kind, texts: content.list(Content::text)? })
            }
            kind::PANICKED => ToParent::Panicked { text: content.text()? },
            kind::READY_DROPPED => ToParent::ReadyDropped,
            kind::NOT_STARTED => {
                let step = Step::from_number(content.byte()?).ok_or(Malformed)?;
                ToParent::NotStarted { step, errno: content.i32()? }
            }
            kind::ENDED => {
                let (how, number) = (content.byte()?, content.i32()?);
                let end = match how {
                    0 => End::Exited(u8::try_from(number).map_err(|_| Malformed)?),
                    1 => End::Killed(number),
                    _ => return Err(Malformed),
                };
                let progress = match content.byte()? {
                    0 => Progress::NotLoaded,
                    1 => Progress::NotCalled,
                    2 => Progress::Called,
                    _ => return Err(Malformed),
                };
                ToParent::Ended { end, progress }
            }
            _ => return Err(Malformed),
        };
        content.end().map(|()| message)
    }
}

/// The start of a text that fits into some room.
fn cut(text: &str, room: usize) -> &str {
    let mut end = text.len().min(room);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// The length of the hello's frame.
pub(crate) const HELLO_LENGTH: usize = 13;

/// The frame of a hello, for processes that may not allocate.
pub(crate) fn hello(random: u64) -> [u8; HELLO_LENGTH] {
    fixed(kind::HELLO, random.to_le_bytes())
}

/// The frame of the first child's "the daemon could not be started".
pub(crate) fn not_started(step: Step, errno: i32) -> [u8; 10] {
    let [a, b, c, d] = errno.to_le_bytes();
    fixed(kind::NOT_STARTED, [step as u8, a, b, c, d])
}

/// The frame of the first child's "the daemon ended".
pub(crate) fn ended(end: End, progress: Progress) -> [u8; 11] {
    let (how, number) = match end {
        End::Exited(status) => (0, i32::from(status)),
        End::Killed(signal) => (1, signal),
    };
    let progress = match progress {
        Progress::NotLoaded => 0,
        Progress::NotCalled => 1,
        Progress::Called => 2,
    };
    let [a, b, c, d] = number.to_le_bytes();
    fixed(kind::ENDED, [how, a, b, c, d, progress])
}

/// How far the daemon has come, from the first bytes that it left unread.
pub(crate) fn progress(unread: &[u8]) -> Progress {
    match unread.get(4) {
        Some(&kind::HELLO) => Progress::NotLoaded,
        Some(&kind::SETTINGS) => Progress::NotCalled,
        _ => Progress::Called,
    }
}

fn fixed<const CONTENT: usize, const FRAME: usize>(kind: u8, content: [u8; CONTENT]) -> [u8; FRAME] {
    const { assert!(FRAME == CONTENT + 5, "a frame is a length, a kind, and the content") };
    let mut frame = [0; FRAME];
    // A content of a few bytes: its length fits into the first of the four.
    frame[0] = CONTENT.to_le_bytes()[0] + 1;
    frame[4] = kind;
    frame[5..].copy_from_slice(&content);
    frame
}

/// A frame under construction.
struct Frame {
    content: Vec<u8>,
}

impl Frame {
    fn new(kind: u8) -> Frame {
        Frame { content: vec![0, 0, 0, 0, kind] }
    }

    fn put_u32(&mut self, number: u32) {
        self.content.extend(number.to_le_bytes());
    }

    fn put_i32(&mut self, number: i32) {
        self.content.extend(number.to_le_bytes());
    }

    fn put_bool(&mut self, value: bool) {
        self.content.push(value.into());
    }

    fn put_count(&mut self, count: usize) {
        // More than fits is longer than a frame may be, which the sender is told in `Sender::new`.
        self.put_u32(u32::try_from(count).unwrap_or(u32::MAX));
    }

    fn put_bytes(&mut self, bytes: &[u8]) {
        self.put_count(bytes.len());
        self.content.extend(bytes);
    }

    fn put_path(&mut self, path: &Path) {
        self.put_bytes(path.as_os_str().as_bytes());
    }

    fn put_list<T>(&mut self, items: &[T], put: impl Fn(&mut Frame, &T)) {
        self.put_count(items.len());
        items.iter().for_each(|item| put(self, item));
    }

    fn put_option<T>(&mut self, value: Option<&T>, put: impl Fn(&mut Frame, &T)) {
        self.put_bool(value.is_some());
        value.iter().for_each(|value| put(self, value));
    }

    fn finish(mut self) -> Vec<u8> {
        let length = u32::try_from(self.content.len() - 4).unwrap_or(u32::MAX);
        self.content[..4].copy_from_slice(&length.to_le_bytes());
        self.content
    }
}

/// The kind and the content of a frame.
fn open(frame: &[u8]) -> Result<(u8, Content<'_>), Malformed> {
    let (&kind, content) = frame.split_first().ok_or(Malformed)?;
    Ok((kind, Content(content)))
}

/// What is left of the content of a frame.
struct Content<'a>(&'a [u8]);

impl<'a> Content<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        self.take(N)?.try_into().map_err(|_| Malformed)
    }

    fn byte(&mut self) -> Result<u8, Malformed> {
        self.array().map(|[byte]| byte)
    }

    fn bool(&mut self) -> Result<bool, Malformed> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Malformed),
        }
    }

    fn u32(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_le_bytes)
    }

    fn i32(&mut self) -> Result<i32, Malformed> {
        self.array().map(i32::from_le_bytes)
    }

    /// The number of a descriptor, which is never a standard stream.
    fn descriptor(&mut self) -> Result<RawFd, Malformed> {
        self.i32().and_then(|fd| if fd > libc::STDERR_FILENO { Ok(fd) } else { Err(Malformed) })
    }

    fn bytes(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.u32()?;
        self.take(usize::try_from(length).map_err(|_| Malformed)?)
    }

    fn text(&mut self) -> Result<String, Malformed> {
        String::from_utf8(self.bytes()?.to_vec()).map_err(|_| Malformed)
    }

    fn path(&mut self) -> Result<PathBuf, Malformed> {
        self.bytes().map(|path| PathBuf::from(OsString::from_vec(path.to_vec())))
    }

    fn option<T>(
        &mut self,
        value: impl Fn(&mut Self) -> Result<T, Malformed>,
    ) -> Result<Option<T>, Malformed> {
        if self.bool()? { value(self).map(Some) } else { Ok(None) }
    }

    /// A count and as many items. Nothing is reserved for a count that the frame does not hold.
    fn list<T>(&mut self, item: impl Fn(&mut Self) -> Result<T, Malformed>) -> Result<Vec<T>, Malformed> {
        let count = self.u32()?;
        (0..count).map(|_| item(self)).collect()
    }

    fn end(&self) -> Result<(), Malformed> {
        if self.0.is_empty() { Ok(()) } else { Err(Malformed) }
    }
}

/// Puts received bytes together again.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    bytes: Vec<u8>,
}

impl Decoder {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// How many bytes are missing until the next message is whole, at least.
    pub(crate) fn missing(&self) -> usize {
        let length = self.length().unwrap_or(SHORTEST);
        (4 + length).saturating_sub(self.bytes.len())
    }

    /// The next message, if it is there as a whole.
    pub(crate) fn next<M: Message>(&mut self) -> Result<Option<M>, Malformed> {
        let Some(length) = self.length() else { return Ok(None) };
        if length > LONGEST {
            return Err(Malformed);
        }
        let Some(frame) = self.bytes.get(4..4 + length) else { return Ok(None) };
        let message = M::decode(frame)?;
        self.bytes.drain(..4 + length);
        Ok(Some(message))
    }

    fn length(&self) -> Option<usize> {
        let length = self.bytes.first_chunk().copied().map(u32::from_le_bytes)?;
        usize::try_from(length).ok()
    }
}

/// Bytes on their way to the daemon, which may be more than the channel holds at once.
#[derive(Debug)]
pub(crate) struct Sender {
    pending: Vec<u8>,
}

impl Sender {
    /// Takes messages to be sent; an error if one is longer than the other side accepts.
    pub(crate) fn new(messages: &[ToDaemon]) -> io::Result<Sender> {
        let mut pending = Vec::new();
        for message in messages {
            let frame = message.encode();
            if frame.len() > LONGEST {
                return Err(io::Error::from_raw_os_error(libc::EMSGSIZE));
            }
            pending.extend(frame);
        }
        Ok(Sender { pending })
    }

    /// Sends nothing more.
    pub(crate) fn abandon(&mut self) {
        self.pending.clear();
    }

    /// Whether everything is out.
    pub(crate) fn is_done(&self) -> bool {
        self.pending.is_empty()
    }

    /// Sends as much as the channel takes now.
    pub(crate) fn send(&mut self, channel: RawFd) -> io::Result<()> {
        while !self.pending.is_empty() {
            match socket::send(channel, &self.pending, Patience::AtOnce) {
                Ok(count) => drop(self.pending.drain(..count)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to_daemon() -> Vec<ToDaemon> {
        vec![
            ToDaemon::Hello { random: 0x0123_4567_89ab_cdef },
            ToDaemon::Settings(Box::default()),
            ToDaemon::Settings(Box::new(Settings {
                files: vec![
                    ("lock".into(), vec![5]),
                    ("none".into(), vec![]),
                    ("ä".into(), vec![7, 8, i32::MAX]),
                ],
                capture_output: true,
                wait_for_ready: true,
                umask: 0o777,
                directory: Some(9),
                name: b"\xff name".to_vec(),
                pid_file: Some((4, "/run/a.pid".into())),
                log_files: vec![
                    (10, Place { path: "/a".into(), streams: vec![Stream::Output] }),
                    (11, Place { path: "/b".into(), streams: Stream::BOTH.to_vec() }),
                ],
                creation: Creation { mode: 0o640, user: Some(7), group: None },
                identity: Some(Identity {
                    user: Some(7),
                    group: u32::MAX,
                    groups: vec![1, 2],
                    account: Some(Account { home: b"/home/\xff".to_vec(), name: Some(b"a".to_vec()) }),
                    label: "user a".into(),
                }),
            })),
            ToDaemon::Confirm,
        ]
    }

    fn to_parent() -> Vec<ToParent> {
        let reason = |kind| ToParent::Failed(Reason { kind, texts: vec!["what".into(), "why".into()] });
        vec![
            ToParent::Up { pid: u32::MAX },
            reason(ErrorKind::System),
            reason(ErrorKind::Killed(-1)),
            ToParent::Panicked { text: "the sky fell".into() },
            ToParent::ReadyDropped,
            ToParent::NotStarted { step: Step::Execute, errno: 7 },
            ToParent::Ended { end: End::Exited(255), progress: Progress::NotLoaded },
            ToParent::Ended { end: End::Exited(0), progress: Progress::NotCalled },
            ToParent::Ended { end: End::Killed(64), progress: Progress::Called },
        ]
    }

    /// Every message comes out of the decoder as it went in, whatever the pieces in which its bytes arrive.
    fn travels<M: Message + PartialEq + std::fmt::Debug>(messages: &[M]) {
        let bytes: Vec<u8> = messages.iter().flat_map(Message::encode).collect();
        for piece in 1..=bytes.len() {
            let mut decoder = Decoder::default();
            let mut arrived: Vec<M> = Vec::new();
            for part in bytes.chunks(piece) {
                decoder.push(part);
                while let Some(message) = decoder.next().expect("a message of ours") {
                    arrived.push(message);
                }
            }
            assert_eq!(arrived, messages);
        }
    }

    #[test]
    fn messages_travel_in_any_pieces() {
        travels(&to_daemon());
        travels(&to_parent());
    }

    /// Cut and changed messages are refused or decoded as something else, without a panic or a large allocation.
    fn withstands<M: Message>(messages: &[M]) {
        for message in messages {
            let frame = message.encode().split_off(4);
            for length in 0..frame.len() {
                assert!(M::decode(&frame[..length]).is_err(), "a part of a message was accepted");
            }
            for index in 0..frame.len() {
                for byte in [0, 1, 2, 127, 128, 255] {
                    let mut changed = frame.clone();
                    changed[index] = byte;
                    let _ = M::decode(&changed);
                }
            }
            let mut longer = frame.clone();
            longer.push(0);
            assert!(M::decode(&longer).is_err(), "a message with more behind it was accepted");
        }
    }

    #[test]
    fn damaged_messages_are_refused() {
        withstands(&to_daemon());
        withstands(&to_parent());
    }

    #[test]
    fn oversized_frames_are_refused_before_they_are_received() {
        let mut decoder = Decoder::default();
        decoder.push(&u32::MAX.to_le_bytes());
        assert_eq!(decoder.next::<ToParent>(), Err(Malformed));
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let text = "ä".repeat(LONGEST_TEXT);
        assert_eq!(cut(&text, 10).len(), 10);
        assert_eq!(cut(&text, 9).len(), 8);
        assert_eq!(cut("short", 10), "short");
        let reason = Reason { kind: ErrorKind::Failed, texts: vec![text; 2 * MOST_TEXTS] };
        assert!(ToParent::Failed(reason).encode().len() < 2 * LONGEST_TEXT);
    }

    #[test]
    fn progress_is_what_was_left_unread() {
        let settings = ToDaemon::Settings(Box::default()).encode();
        assert_eq!(progress(&hello(1)), Progress::NotLoaded);
        assert_eq!(progress(&settings), Progress::NotCalled);
        assert_eq!(progress(&[]), Progress::Called);
    }

    #[test]
    fn missing_bytes_are_counted() {
        let mut decoder = Decoder::default();
        assert_eq!(decoder.missing(), 5);
        let frame = hello(7);
        decoder.push(&frame[..4]);
        assert_eq!(decoder.missing(), 9);
        decoder.push(&frame[4..]);
        assert_eq!(decoder.missing(), 0);
        let mut empty = Decoder::default();
        empty.push(&[0; 4]);
        assert_eq!(empty.next::<ToParent>(), Err(Malformed));
    }
}
