//! Forwarders: threads that hand out what comes from a reader, line by line, whatever becomes of the lines.
//!
//! Each stream that is forwarded has two threads. The *forwarder* reads and calls the program's closure. The *watchdog*
//! sleeps, as long as calls return: if one takes too long, and the pipe has become full meanwhile, it throws away what is in
//! the pipe, so that those who print go on. They may be what the call waits for: it prints to the same stream, or wants a
//! lock that somebody has who prints.

use super::lines::Lines;
use super::{CAPTURED, Captured, LAST_WORDS, PIPE_SIZE, Reader};
use crate::stdio::Stream;
use crate::sys::fds;
use crate::sys::signals::{self, Watched};
use std::cell::Cell;
use std::io::{self, PipeWriter, Write};
use std::mem;
use std::ops::ControlFlow;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, Once, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// The longest line that comes in one piece, in bytes.
const LONGEST_LINE: usize = 1024 * 1024;

/// How long a call may take before those who print no longer wait for it, in looks of the watchdog.
const PATIENCE: u32 = 50;

/// The same after a call that has waited for those who print, until the forwarder has caught up: it does so again.
const IMPATIENCE: u32 = 5;

/// How soon a call that has waited for those who print returns when they go on, in looks of the watchdog.
const SOON: u32 = 10;

/// How often the watchdog looks.
const LOOK: Duration = Duration::from_millis(100);

/// What a closure is called with.
#[derive(Clone, Copy)]
pub(super) enum Handed<'a> {
    Line(&'a [u8]),
    /// What stands in the place of what was thrown away.
    Gap(&'a [u8]),
}

impl<'a> Handed<'a> {
    pub(super) fn text(self) -> &'a [u8] {
        let (Handed::Line(text) | Handed::Gap(text)) = self;
        text
    }
}

/// A stream that is forwarded, for all who have to do with it.
struct Shared {
    stream: Stream,
    /// How many calls of the closure have begun.
    calls: AtomicU64,
    /// Whether something was thrown away since the forwarder has looked.
    gap: AtomicBool,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// `None` when nothing is forwarded any more.
    reader: Option<Reader>,
    forwarder: Doing,
    /// How many bytes have been read.
    read: u64,
    /// How many of them have been handed out, but for the start of a line.
    done: u64,
    /// How often the pipe was found empty.
    idle: u64,
    /// What was thrown away, and the closure was not told.
    lost: Lost,
    /// Whether the watchdog sleeps until there is a call to watch.
    watchdog_sleeps: bool,
    /// How many threads wait for `done` or `idle` to grow.
    waiting: usize,
}

/// What the forwarder is doing.
#[derive(Clone, Copy, PartialEq)]
enum Doing {
    /// Handing out what it has read: it may be in a call.
    HandsOut,
    /// Reading, or handing out the last of all: what it has got is neither in the pipe nor counted.
    Reads,
    /// Waiting for something to read.
    Waits,
}

#[derive(Default)]
struct Lost {
    bytes: u64,
    /// Whether it ends with a line.
    is_whole: bool,
}

/// Those that have not ended.
static FORWARDERS: Mutex<Vec<Arc<Shared>>> = Mutex::new(Vec::new());

/// Whether the process ends: what is in the pipes is all that there is to hand out.
static ENDING: AtomicBool = AtomicBool::new(false);

/// Wakes forwarders that wait for input when the process ends: there is something to read then.
static BELL: OnceLock<(OwnedFd, PipeWriter)> = OnceLock::new();

/// What a thread does for the forwarding.
#[derive(Clone, Copy)]
enum Duty {
    None,
    Forwards(Stream),
    /// It forwards, and the closure has panicked before.
    ForwardsQuietly(Stream),
}

impl Duty {
    fn stream(self) -> Option<Stream> {
        match self {
            Duty::None => None,
            Duty::Forwards(stream) | Duty::ForwardsQuietly(stream) => Some(stream),
        }
    }
}

thread_local! {
    /// Without a destructor, so that it is there at the end of the process as well.
    static DUTY: Cell<Duty> = const { Cell::new(Duty::None) };
}

/// Starts to forward a stream.
pub(super) fn spawn(
    stream: Stream,
    mut reader: Reader,
    f: impl FnMut(Handed<'_>) -> ControlFlow<()> + Send + 'static,
) -> io::Result<()> {
    reader.set_nonblocking(true)?;
    let (pipe, bell) = (reader.as_raw_fd(), bell()?);
    let mut lines = mem::take(&mut reader.lines);
    lines.hold_back(LONGEST_LINE);
    let shared = Arc::new(Shared::new(stream, reader, lines.held().len() as u64));
    let closure = Closure { f: Some(f), calls: 0 };
    let forwarder = Forwarder { shared: Arc::clone(&shared), pipe, bell, lines, closure };
    wait_after_panics();
    forwarders().push(Arc::clone(&shared));
    spawn_threads(&shared, move || forwarder.run()).inspect_err(|_| shared.end())
}

/// Signals are for the program's own threads, but for those that a closure raises by what it does.
fn spawn_threads(shared: &Arc<Shared>, forward: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let name = match shared.stream {
        Stream::Output => "godaemon-stdout",
        Stream::Error => "godaemon-stderr",
    };
    let watched = Arc::clone(shared);
    let mask = signals::block_all();
    signals::unblock_faults();
    // If there can be no thread the closure is dropped, and may panic.
    let spawned = guard(|| {
        let watchdog = thread::Builder::new().name("godaemon-watch".into());
        watchdog.spawn(move || watched.watch())?;
        thread::Builder::new().name(name.into()).spawn(forward)
    });
    mask.restore();
    spawned.unwrap_or_else(|| Err(io::Error::other("there can be no thread"))).map(drop)
}

fn forwarders() -> MutexGuard<'static, Vec<Arc<Shared>>> {
    FORWARDERS.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn is_forwarded(stream: Stream) -> bool {
    forwarders().iter().any(|shared| shared.stream == stream)
}

fn bell() -> io::Result<RawFd> {
    if BELL.get().is_none() {
        // Of two threads that come here at once one has made one for nothing.
        let (end, ring) = fds::pipe()?;
        let _ = BELL.set((end, ring.into()));
    }
    BELL.get().map(|(end, _)| end.as_raw_fd()).ok_or_else(|| io::ErrorKind::NotConnected.into())
}

/// Lets the forwarders hand out what is in their pipes, and waits for them. The streams lead elsewhere by now.
pub(super) fn finish(deadline: Instant) {
    ENDING.store(true, Ordering::Release);
    if let Some((_, ring)) = BELL.get() {
        // It is empty, and rings once.
        let _ = (&mut &*ring).write(&[1]);
    }
    for_others(|shared| drop(shared.wait_while(shared.lock(), deadline, |state| state.reader.is_some())));
}

/// Waits until what has been printed so far has been handed out.
pub(super) fn catch_up(deadline: Instant) {
    for_others(|shared| shared.catch_up(deadline));
}

/// Makes every thread that panics wait until its message has been handed out: the process may be about to abort.
fn wait_after_panics() {
    static ONCE: Once = Once::new();
    // A thread that panics may not change what it is in.
    if thread::panicking() {
        return;
    }
    ONCE.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if matches!(DUTY.get(), Duty::ForwardsQuietly(_)) {
                return;
            }
            previous(info);
            // A child that was forked has none of the threads.
            if Captured::own().is_some() {
                catch_up(Instant::now() + LAST_WORDS);
            }
        }));
    });
}

/// All forwarders but the one that this thread is.
fn for_others(act: impl Fn(&Shared)) {
    let own = DUTY.get().stream();
    let all = forwarders().clone();
    all.iter().filter(|shared| Some(shared.stream) != own).for_each(|shared| act(shared));
}

impl Shared {
    /// `read` is how much the reader has read before, in bytes.
    fn new(stream: Stream, reader: Reader, read: u64) -> Shared {
        let state = State {
            reader: Some(reader),
            forwarder: Doing::HandsOut,
            read,
            done: 0,
            idle: 0,
            lost: Lost::default(),
            watchdog_sleeps: false,
            waiting: 0,
        };
        Shared {
            stream,
            calls: AtomicU64::new(0),
            gap: AtomicBool::new(false),
            state: Mutex::new(state),
            changed: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_while<'a>(
        &'a self,
        state: MutexGuard<'a, State>,
        deadline: Instant,
        condition: impl FnMut(&mut State) -> bool,
    ) -> MutexGuard<'a, State> {
        let limit = deadline.saturating_duration_since(Instant::now());
        let waited = self.changed.wait_timeout_while(state, limit, condition);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Waits until what is in the pipe has been handed out.
    fn catch_up(&self, deadline: Instant) {
        let mut state = self.lock();
        state.waiting += 1;
        state = self
            .wait_while(state, deadline, |state| state.reader.is_some() && state.forwarder == Doing::Reads);
        let waiting = state.reader.as_ref().map_or(0, |reader| waiting(reader.as_raw_fd()));
        let (target, idle) = (state.read + waiting as u64, state.idle);
        let is_behind = |state: &mut State| state.done < target && state.idle == idle;
        state = self.wait_while(state, deadline, |state| state.reader.is_some() && is_behind(state));
        state.waiting -= 1;
    }

    /// Nothing is forwarded any more: the null device comes in the place of the pipe.
    fn end(self: &Arc<Shared>) {
        forwarders().retain(|other| !Arc::ptr_eq(other, self));
        let reader = self.lock().reader.take();
        if ENDING.load(Ordering::Acquire) {
            // Who still prints is not to hear of the end, either.
            mem::forget(reader);
        } else {
            drop(reader);
        }
        self.changed.notify_all();
    }

    /// The watchdog.
    fn watch(&self) {
        let (mut patience, mut looks, mut relieved) = (PATIENCE, 0, false);
        let (mut calls, mut idle) = (0, 0);
        let mut state = self.lock();
        while state.reader.is_some() {
            if state.forwarder != Doing::HandsOut {
                state.watchdog_sleeps = true;
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                state.watchdog_sleeps = false;
            }
            // So many looks, and not so much time: the process may have been stopped.
            let waited = self.changed.wait_timeout_while(state, LOOK, |state| state.reader.is_some());
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            let now = self.calls.load(Ordering::Relaxed);
            if state.forwarder == Doing::HandsOut && now == calls {
                looks += 1;
                relieved |= looks >= patience && self.relieve(&mut state);
                continue;
            }
            if relieved && looks < patience + SOON {
                patience = IMPATIENCE;
            }
            if state.idle != idle {
                patience = PATIENCE;
            }
            (calls, idle) = (now, state.idle);
            (looks, relieved) = (0, false);
        }
    }

    /// Whether those who print have to wait, or may have to where that cannot be told.
    fn is_full(&self, pipe: RawFd) -> bool {
        let is_full = |writer: RawFd| {
            let mut room = [Watched::writable(writer)];
            signals::poll(&mut room, Some(Duration::ZERO)).is_err() || !room.iter().any(Watched::has_room)
        };
        match CAPTURED.get().and_then(|captured| captured.leading_to(self.stream)) {
            Some(stream) => is_full(stream.number()),
            // Only children have it any more.
            None => fds::writer_of(pipe).map_or(true, |writer| is_full(writer.as_raw_fd())),
        }
    }

    /// Throws away what is in the pipe, if that is full; whether it was.
    fn relieve(&self, state: &mut State) -> bool {
        let Some(pipe) = state.reader.as_ref().map(Reader::as_raw_fd) else { return false };
        if !self.is_full(pipe) {
            return false;
        }
        let mut left = waiting(pipe);
        let mut buffer = [0; 4096];
        while left > 0 {
            // No more than there was: mostly, that ends with a line.
            let room = buffer.len().min(left);
            // The pipe does not wait.
            let Ok(count @ 1..) = fds::read(pipe, buffer.get_mut(..room).unwrap_or_default()) else { break };
            left = left.saturating_sub(count);
            state.read += count as u64;
            state.lost.bytes += count as u64;
            state.lost.is_whole = buffer.get(count - 1) == Some(&b'\n');
        }
        self.gap.store(state.lost.bytes > 0, Ordering::Relaxed);
        true
    }
}

/// How many bytes wait to be read; if there are any, and the system does not tell, as many as there can be.
fn waiting(pipe: RawFd) -> usize {
    fds::waiting(pipe).unwrap_or_else(|_| {
        let mut input = [Watched::readable(pipe)];
        let asked = signals::poll(&mut input, Some(Duration::ZERO));
        let is_empty = asked.is_ok() && !input.iter().any(Watched::happened);
        if is_empty { 0 } else { PIPE_SIZE as usize }
    })
}

/// The thread that hands out lines.
struct Forwarder<F> {
    shared: Arc<Shared>,
    pipe: RawFd,
    bell: RawFd,
    lines: Lines,
    closure: Closure<F>,
}

impl<F: FnMut(Handed<'_>) -> ControlFlow<()>> Forwarder<F> {
    fn run(mut self) {
        DUTY.set(Duty::Forwards(self.shared.stream));
        while self.closure.wants_more() && !self.lines.has_ended() {
            self.hand_out();
            if ENDING.load(Ordering::Acquire) {
                self.hand_out_rest();
            } else if !self.read_more() {
                self.wait();
            }
        }
        self.pass_gaps();
        self.hand_out();
        self.closure.end();
        self.shared.end();
    }

    /// What is in the pipe when the process ends. Children may go on printing.
    fn hand_out_rest(&mut self) {
        let mut left = waiting(self.pipe);
        while left > 0 && !self.lines.has_ended() {
            let Ok(count) = self.read() else { break };
            left = left.saturating_sub(count);
            self.hand_out();
        }
        self.lines.end();
    }

    /// Hands out what has been read, up to a gap.
    fn hand_out(&mut self) {
        while self.lines.has_ready() && !self.shared.gap.load(Ordering::Relaxed) {
            match self.lines.next_line() {
                Some(line) => self.closure.call(&self.shared, Handed::Line(line)),
                None => return,
            }
        }
    }

    /// Waits for something to read, or for the end of the process.
    fn wait(&self) {
        // Whoever prints may be about to go on: then many lines are read at once, without sleeping for each.
        thread::yield_now();
        let mut watched = [self.pipe, self.bell].map(Watched::readable);
        if signals::poll(&mut watched, None).is_err() {
            // The system is out of memory; it may have some later.
            thread::sleep(LOOK);
        }
    }

    /// Reads, if there is something to read, be it the news of the end.
    fn read_more(&mut self) -> bool {
        match self.read() {
            Ok(_) => true,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => false,
            Err(_) => {
                self.lines.end();
                true
            }
        }
    }

    /// Reads once. Everything that can be handed out has been before.
    fn read(&mut self) -> io::Result<usize> {
        self.pass_gaps();
        // Without the lock: somebody may have made the pipe one that waits.
        let read = self.lines.read_more(|room| fds::read(self.pipe, room));
        let mut state = self.shared.lock();
        match &read {
            Ok(count) => {
                state.read += *count as u64;
                state.forwarder = Doing::HandsOut;
            }
            Err(_) => {
                state.idle += 1;
                state.forwarder = Doing::Waits;
            }
        }
        if state.waiting > 0 || (read.is_ok() && state.watchdog_sleeps) {
            self.shared.changed.notify_all();
        }
        read
    }

    /// Tells the closure if something was thrown away, until nothing is: then nothing will be while this thread reads.
    fn pass_gaps(&mut self) {
        loop {
            let mut state = self.shared.lock();
            let lost = mem::take(&mut state.lost);
            if lost.bytes == 0 {
                state.forwarder = Doing::Reads;
                state.done = state.read;
                return;
            }
            self.shared.gap.store(false, Ordering::Relaxed);
            drop(state);
            // It follows what has been read.
            let bytes = lost.bytes + self.lines.lose(lost.is_whole) as u64;
            let text = format!(
                "godaemon: at least {bytes} bytes of {} are missing here: what reads it took too long",
                self.shared.stream
            );
            self.closure.call(&self.shared, Handed::Gap(text.as_bytes()));
        }
    }
}

/// The program's closure.
struct Closure<F> {
    /// `None` when it wants no more.
    f: Option<F>,
    /// How many calls have begun.
    calls: u64,
}

impl<F: FnMut(Handed<'_>) -> ControlFlow<()>> Closure<F> {
    fn wants_more(&self) -> bool {
        self.f.is_some()
    }

    fn call(&mut self, shared: &Shared, handed: Handed<'_>) {
        let Some(f) = &mut self.f else { return };
        self.calls += 1;
        shared.calls.store(self.calls, Ordering::Relaxed);
        if guard(|| f(handed)) == Some(ControlFlow::Break(())) {
            self.end();
        }
    }

    /// What it holds back belongs to what was printed.
    fn end(&mut self) {
        let f = self.f.take();
        guard(|| drop(f));
    }
}

/// Lets the thread survive a panic of the program's. From the second on the hook says nothing.
fn guard<T>(act: impl FnOnce() -> T) -> Option<T> {
    panic::catch_unwind(AssertUnwindSafe(act))
        .map_err(|payload| {
            if let Some(stream) = DUTY.get().stream() {
                DUTY.set(Duty::ForwardsQuietly(stream));
            }
            // Its destructor is the program's, too.
            let _ = panic::catch_unwind(AssertUnwindSafe(|| drop(payload))).map_err(mem::forget);
        })
        .ok()
}
