//! The parent waits: passes on what the daemon prints, listens to what the copies say, confirms, reaps.

use super::Ends;
use super::verdict::{Heard, verdict};
use crate::channel::{Decoder, Malformed, Message, Sender, ToDaemon};
use crate::error::Error;
use crate::launch;
use crate::stage::Stage;
use crate::stdio;
use crate::sys::fds;
use crate::sys::process::{self, End, Pid, State};
use crate::sys::signals::{self, Mask, Watched};
use crate::sys::socket::{self, Patience};
use std::io;
use std::net::Shutdown;
use std::os::fd::{AsRawFd, RawFd};
use std::time::{Duration, Instant};

/// How long the first child may take to end once there is nothing left for it but to end, and to end the daemon,
/// which takes a second.
const FIRST_CHILD_ENDS: Duration = Duration::from_secs(3);

/// How much output is passed on at once, in bytes.
const BUFFER: usize = 16 * 1024;

/// How often the first child itself is looked at. Its lifeline tells its end, unless a thread of this process has forked
/// without `exec` at the wrong moment: then somebody else holds the other end.
const LOOK: Duration = Duration::from_millis(200);

/// How long orphans of the first child may take to end after SIGTERM, and then after SIGKILL.
const ORPHANS_END: Duration = Duration::from_secs(1);

/// How long processes may take to end that have nothing else to do any more.
const LAST_MOMENTS: Duration = Duration::from_millis(100);

/// A parent whose first child runs.
pub(super) struct Wait {
    child: Pid,
    ends: Ends,
    sender: Sender,
    decoder: Decoder,
    heard: Heard,
    first_child_runs: bool,
    /// When the first child itself was looked at last.
    looked: Instant,
    /// Whether somebody still holds the other end of the channel.
    channel_open: bool,
    /// Whether the last who held it left something unread.
    left_unread: bool,
    relay_open: bool,
    /// Whether what was passed on last is the start of a line.
    amid_line: bool,
    /// For what is passed on; not on the stack, which may be small.
    buffer: Vec<u8>,
}

impl Wait {
    pub(super) fn new(child: Pid, ends: Ends, sender: Sender, timeout: Option<Duration>) -> Wait {
        let (decoder, heard) = (Decoder::default(), Heard::nothing(timeout));
        Wait {
            child,
            ends,
            sender,
            decoder,
            heard,
            first_child_runs: true,
            looked: Instant::now(),
            channel_open: true,
            left_unread: false,
            relay_open: true,
            amid_line: false,
            buffer: vec![0; BUFFER],
        }
    }

    /// Waits until the start has happened, which this process confirms, or has failed. The first child is reaped.
    pub(super) fn until_up(mut self) -> Result<(u32, Mask), Error> {
        loop {
            let limit = self.heard.time_left().unwrap_or(LOOK);
            if let Err(why) = self.attend(limit) {
                return Err(self.give_up(Error::system("cannot wait for the daemon", why)));
            }
            if let Some(pid) = self.heard.up {
                return self.confirm().map(|mask| (pid, mask));
            }
            if self.heard.has_ended() {
                // It still ends the helpers that are left.
                self.attend_while(FIRST_CHILD_ENDS, |it| it.first_child_runs);
                return Err(self.conclude());
            }
            if !self.first_child_runs {
                return Err(self.conclude());
            }
            if let Some(why) = self.heard.overdue() {
                return Err(self.give_up(why));
            }
        }
    }

    /// Waits for an event, no longer than `limit`, and attends to all that have come.
    fn attend(&mut self, limit: Duration) -> io::Result<()> {
        let watch = |open, fd: &dyn AsRawFd| Watched::readable(if open { fd.as_raw_fd() } else { -1 });
        let mut watched = [
            watch(self.channel_open, &self.ends.channel).or_writable(!self.sender.is_done()),
            watch(self.relay_open, &self.ends.relay),
            watch(self.first_child_runs, &self.ends.lifeline),
        ];
        signals::poll(&mut watched, Some(limit.min(LOOK)))?;
        let [channel, relay, lifeline] = watched;
        if channel.has_room() {
            // That nobody is left to receive it will be seen by listening.
            let _ = self.sender.send(self.channel());
        }
        if relay.happened() {
            self.pass_on();
        }
        if lifeline.happened() {
            self.first_child_runs = false;
        } else if self.looked.elapsed() >= LOOK {
            self.looked = Instant::now();
            self.first_child_runs &= process::state(self.child) == State::Runs;
        }
        // The last words of the first child are in the channel when it has ended.
        if channel.happened() || !self.first_child_runs {
            self.listen()?;
        }
        Ok(())
    }

    fn channel(&self) -> RawFd {
        self.ends.channel.as_raw_fd()
    }

    /// Passes on some of what the daemon prints, and returns how much.
    fn pass_on(&mut self) -> usize {
        let count = fds::read(self.ends.relay.as_raw_fd(), &mut self.buffer).unwrap_or(0);
        self.relay_open = count > 0;
        let text = self.buffer.get(..count).unwrap_or_default();
        stdio::complain(text);
        self.amid_line = text.last().map_or(self.amid_line, |&byte| byte != b'\n');
        count
    }

    /// Passes on what has been printed until now, and no more: somebody may go on printing for ever.
    fn pass_on_rest(&mut self) {
        let mut waiting = fds::waiting(self.ends.relay.as_raw_fd()).unwrap_or(0);
        while self.relay_open && waiting > 0 {
            waiting = waiting.saturating_sub(self.pass_on());
        }
    }

    /// Takes in everything that has been said until now.
    fn listen(&mut self) -> io::Result<()> {
        let mut buffer = [0; 1024];
        while self.channel_open {
            match socket::receive(self.channel(), &mut buffer, Patience::AtOnce) {
                Ok(0) => self.channel_open = false,
                Ok(count) => {
                    self.take_in(buffer.get(..count).unwrap_or_default())?;
                    if count < buffer.len() {
                        break;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // Linux says so when the last ends without having read everything.
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {
                    (self.channel_open, self.left_unread) = (false, true);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn take_in(&mut self, bytes: &[u8]) -> Result<(), Malformed> {
        self.decoder.push(bytes);
        while let Some(message) = self.decoder.next()? {
            if let Some(panic) = self.heard.note(message) {
                self.tell(&panic);
            }
        }
        Ok(())
    }

    /// Makes the start happen: from the confirmation on the daemon runs its body, and no signal may make this process
    /// say anything else.
    fn confirm(mut self) -> Result<Mask, Error> {
        // The daemon prints nothing more that would come here, and standard error may make us wait.
        self.pass_on_rest();
        let mask = signals::block_all();
        let confirmed = socket::send(self.channel(), &ToDaemon::Confirm.encode(), Patience::AtOnce);
        if !self.first_child_ends() {
            // Its part is done. While it dies it holds the channel, which would hide that the daemon has gone.
            let _ = process::kill(self.child, libc::SIGKILL);
            process::await_end(self.child);
        }
        // The daemon may have been killed before it had the confirmation. What cannot be heard now changes nothing.
        let _ = self.listen();
        if confirmed.is_ok() && !self.left_unread && !self.heard.has_ended() {
            let _ = process::wait(self.child);
            self.tell_panic();
            return Ok(mask);
        }
        mask.restore();
        Err(self.conclude())
    }

    /// The daemon did not come up, and the first child has ended, or is to.
    fn conclude(mut self) -> Error {
        let first_child = self.clear();
        let error = verdict(&mut self.heard, first_child);
        self.tell_panic();
        self.end_line();
        error
    }

    /// Prints something about the daemon that is no reason to fail.
    fn tell(&mut self, text: &str) {
        self.end_line();
        stdio::complain(format!("{}: {}: {text}\n", launch::program_name(), Stage::Daemon).as_bytes());
    }

    /// What comes next is a line of its own.
    fn end_line(&mut self) {
        if std::mem::take(&mut self.amid_line) {
            stdio::complain(b"\n");
        }
    }

    fn tell_panic(&mut self) {
        if let Some(panic) = self.heard.take_panic() {
            self.tell(&panic);
        }
    }

    /// Signals whoever is in the first child's group, unless the number may be another's by now: this process ignores
    /// SIGCHLD, or waits for any child.
    fn kill_group(&self, signal: i32) {
        if process::state(self.child) != State::Reaped {
            // The error says that nobody is left.
            let _ = process::kill(-self.child, signal);
        }
    }

    /// Makes the first child end the daemon, and returns why.
    fn give_up(mut self, why: Error) -> Error {
        self.sender.abandon();
        // The first child notices by the one that its parent is gone, and a daemon in `notify` by the other. What they
        // have to say, and that they are gone, is still heard.
        for end in [&self.ends.lifeline, &self.ends.channel] {
            let _ = end.shutdown(Shutdown::Write);
        }
        self.attend_while(FIRST_CHILD_ENDS, |it| it.first_child_runs);
        self.clear();
        self.tell_panic();
        self.end_line();
        why
    }

    /// Attends to what comes while somebody holds the channel and the condition holds, no longer than `limit`.
    fn attend_while(&mut self, limit: Duration, condition: impl Fn(&Wait) -> bool) {
        let deadline = Instant::now() + limit;
        while self.channel_open && condition(self) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || self.attend(left).is_err() {
                break;
            }
        }
    }

    /// Ends whatever is left of a start that failed, and reaps the first child. When this returns, the daemon is gone with
    /// all that it held, as far as that can be brought about.
    fn clear(&mut self) -> Option<End> {
        // If not the first child has reaped the daemon, it is an orphan.
        for signal in [libc::SIGTERM, libc::SIGKILL] {
            if self.channel_open && !self.heard.has_ended() {
                self.kill_group(signal);
                self.attend_while(ORPHANS_END, |it| !it.heard.has_ended());
            }
        }
        self.kill_group(libc::SIGKILL);
        self.await_group();
        // Where children are reaped by themselves there is nothing to learn.
        let first_child = process::wait(self.child).ok();
        // An error in the last words is no better an explanation than none.
        let _ = self.listen();
        self.pass_on_rest();
        first_child
    }

    /// Waits for those who are about to end, and may not have let go of everything.
    fn await_group(&self) {
        let deadline = Instant::now() + LAST_MOMENTS;
        while process::state(self.child) != State::Reaped
            && process::group_has_others(self.child, self.child)
            && Instant::now() < deadline
        {
            // There is no event to wait for.
            let _ = signals::poll(&mut [], Some(Duration::from_millis(1)));
        }
    }

    /// Waits for the end of the first child, which is near, unless somebody has stopped it: then it would only go on when
    /// it is continued. Whether it has ended; it is not reaped, so that its number and that of its group are not free.
    fn first_child_ends(&self) -> bool {
        let deadline = Instant::now() + FIRST_CHILD_ENDS;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let mut lifeline = [Watched::readable(self.ends.lifeline.as_raw_fd())];
            let asked = signals::poll(&mut lifeline, Some(left.min(LOOK)));
            if lifeline.iter().any(Watched::happened) {
                // It is ending, and may not have closed everything yet.
                process::await_end(self.child);
                return true;
            }
            if process::state(self.child) != State::Runs {
                return true;
            }
            if asked.is_err() || left.is_zero() {
                return false;
            }
        }
    }
}
