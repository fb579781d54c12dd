//! The system calls of the floors.
//!
//! A floor does what cannot be left out, and nothing else: no standard stream is redirected, no directory changed, no
//! signal blocked or reset, no descriptor closed, no process waited for, no name set, and nothing is checked that
//! the kernel does not check by itself. What more a floor does, or how it does it, is said in the floor.

#![allow(unsafe_code, reason = "std does not have these calls, or does more with them than a floor does")]
// Each floor uses some of it.
#![allow(dead_code)]

use std::ffi::{CStr, c_int, c_void};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{IntoRawFd, RawFd};
use std::{env, ptr};

unsafe extern "C" {
    /// libc's, which std has left as it was.
    static environ: *const *mut libc::c_char;
}

/// What a process is, by its first argument: an executed copy has no other memory.
pub(crate) enum Role {
    Parent,
    Child,
    Daemon,
}

const CHILD: &CStr = c"child";
const DAEMON: &CStr = c"daemon";

impl Role {
    /// Of this process.
    pub(crate) fn own() -> Role {
        let argument = env::args_os().nth(1);
        match argument.as_ref().map(|argument| argument.as_encoded_bytes()) {
            Some(role) if role == CHILD.to_bytes() => Role::Child,
            Some(role) if role == DAEMON.to_bytes() => Role::Daemon,
            _ => Role::Parent,
        }
    }

    /// The arguments of a process that is to be it.
    fn arguments(&self) -> [*const libc::c_char; 3] {
        let role = match self {
            Role::Parent => ptr::null(),
            Role::Child => CHILD.as_ptr(),
            Role::Daemon => DAEMON.as_ptr(),
        };
        [c"floor".as_ptr(), role, ptr::null()]
    }
}

/// This program's own file.
const EXECUTABLE: &CStr = c"/proc/self/exe";

/// Starts this program once more, by `posix_spawn`. The copy finds the descriptor, if there is one, as [`LINE`].
pub(crate) fn spawn(role: Role, descriptor: Option<RawFd>) -> io::Result<()> {
    let mut actions = MaybeUninit::<libc::posix_spawn_file_actions_t>::uninit();
    let mut wanted = ptr::null();
    if let Some(descriptor) = descriptor {
        let actions = actions.as_mut_ptr();
        // SAFETY: there is room for it; it is never moved, and gone only with the process.
        checked(unsafe { libc::posix_spawn_file_actions_init(actions) })?;
        // SAFETY: it was initialised above.
        checked(unsafe { libc::posix_spawn_file_actions_adddup2(actions, descriptor, LINE) })?;
        wanted = actions.cast_const();
    }
    let mut pid = 0;
    let arguments = role.arguments();
    let (path, arguments) = (EXECUTABLE.as_ptr(), arguments.as_ptr().cast());
    // SAFETY: nobody changes the environment.
    let environment = unsafe { environ };
    // SAFETY: the path is a C string, and the arrays are null-terminated arrays of C strings.
    checked(unsafe { libc::posix_spawn(&raw mut pid, path, wanted, ptr::null(), arguments, environment) })
}

/// Becomes the daemon by `execve`, with the descriptor as [`LINE`]. Returns only to say that it failed.
pub(crate) fn execute_daemon(descriptor: RawFd) -> c_int {
    let arguments = Role::Daemon.arguments();
    // SAFETY: this changes the table of descriptors alone, which no process shares.
    unsafe { libc::dup2(descriptor, LINE) };
    // SAFETY: nobody changes the environment.
    let environment = unsafe { environ }.cast();
    // SAFETY: the path is a C string, and the arrays are null-terminated arrays of C strings.
    unsafe { libc::execve(EXECUTABLE.as_ptr(), arguments.as_ptr(), environment) };
    127
}

/// Makes this process the leader of a new session.
pub(crate) fn lead_session() -> io::Result<()> {
    // SAFETY: it has no arguments.
    if unsafe { libc::setsid() } < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Whether this is the child, in a copy of the memory. There is one thread, so all of it may be used.
pub(crate) fn fork() -> io::Result<bool> {
    // SAFETY: no other thread can have been in the middle of anything.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        pid => Ok(pid == 0),
    }
}

/// Ends this process without the steps that belong to the one whose memory it has.
pub(crate) fn exit_now(status: c_int) -> ! {
    // SAFETY: it may be called at any time.
    unsafe { libc::_exit(status) }
}

/// Waits for the end of a child. Whether that was a success.
pub(crate) fn wait(child: libc::pid_t) -> io::Result<bool> {
    let mut status = 0;
    // SAFETY: the pointer is that of a number.
    if unsafe { libc::waitpid(child, &raw mut status, 0) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(status == 0)
}

/// Where a daemon that was executed finds the end of the line that is its own. (Its standard input: a number that is
/// never taken.)
pub(crate) const LINE: RawFd = 0;

/// A pipe, on which the daemon says that it is up.
#[derive(Clone, Copy)]
pub(crate) struct Line {
    reader: RawFd,
    pub(crate) writer: RawFd,
}

impl Line {
    pub(crate) fn new() -> io::Result<Line> {
        let (reader, writer) = io::pipe()?;
        Ok(Line { reader: reader.into_raw_fd(), writer: writer.into_raw_fd() })
    }

    /// Closes the daemon's end here, and waits for a word, or for the end of whoever could say one.
    pub(crate) fn wait(self) -> io::Result<()> {
        let mut word = 0_u8;
        // SAFETY: the descriptor is this type's own.
        unsafe { libc::close(self.writer) };
        // SAFETY: there is room for one byte.
        match unsafe { libc::read(self.reader, (&raw mut word).cast(), 1) } {
            1 => Ok(()),
            _ => Err(io::Error::other("the daemon has not come up")),
        }
    }
}

/// Says that this process is up, to so many processes that wait.
pub(crate) fn say_up(descriptor: RawFd, listeners: usize) -> io::Result<()> {
    let words = [0_u8; 2];
    let words = words.get(..listeners).unwrap_or(&words);
    // SAFETY: the slice has that many bytes.
    let written = unsafe { libc::write(descriptor, words.as_ptr().cast(), words.len()) };
    if written < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// What a child without memory of its own needs: a stack, and at its lower end what it is to do.
pub(crate) struct Stack<const SIZE: usize> {
    task: MaybeUninit<Task>,
    room: MaybeUninit<[u8; SIZE]>,
}

/// The first child's, on which there is room for the daemon's.
pub(crate) type ChildStack = Stack<{ 32 * 1024 }>;

/// The daemon's, until it is executed.
pub(crate) type DaemonStack = Stack<{ 8 * 1024 }>;

struct Task {
    body: fn(Line) -> c_int,
    line: Line,
}

impl<const SIZE: usize> Stack<SIZE> {
    pub(crate) fn new() -> Self {
        Stack { task: MaybeUninit::uninit(), room: MaybeUninit::uninit() }
    }
}

/// Starts a child in this process's memory, as `vfork` does. (That returns twice, which a function in Rust must not; and
/// the child would use the same piece of stack.) This thread sleeps until the child ends or executes a program.
pub(crate) fn vfork<const SIZE: usize>(
    stack: &mut Stack<SIZE>,
    body: fn(Line) -> c_int,
    line: Line,
) -> io::Result<libc::pid_t> {
    clone(libc::CLONE_VM | libc::CLONE_VFORK, stack, Task { body, line })
}

/// Starts a child in this process's memory, while this thread goes on. So the stack is the child's for ever.
pub(crate) fn share<const SIZE: usize>(
    stack: &'static mut Stack<SIZE>,
    body: fn(Line) -> c_int,
    line: Line,
) -> io::Result<libc::pid_t> {
    clone(libc::CLONE_VM, stack, Task { body, line })
}

fn clone<const SIZE: usize>(flags: c_int, stack: &mut Stack<SIZE>, task: Task) -> io::Result<libc::pid_t> {
    let task: *mut Task = stack.task.write(task);
    // libc aligns it.
    let top = (&raw mut stack.room).wrapping_add(1);
    // SAFETY: the child has room for its stack, and its task, for as long as it uses them: see the two callers.
    let pid = unsafe { libc::clone(run, top.cast(), flags | libc::SIGCHLD, task.cast()) };
    if pid < 0 { Err(io::Error::last_os_error()) } else { Ok(pid) }
}

extern "C" fn run(task: *mut c_void) -> c_int {
    // SAFETY: `clone` above passes a task that stays there.
    let task = unsafe { &*task.cast::<Task>() };
    // libc ends the child with it, by `_exit`.
    (task.body)(task.line)
}

/// 0 from `posix_spawn` and what belongs to it, or what went wrong.
fn checked(errno: c_int) -> io::Result<()> {
    if errno == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(errno)) }
}
