//! Puts itself into the surroundings that its arguments name, one after the other, then becomes a program.
//!
//!     launch [STEP [WORD]...]... exec PROGRAM [ARGV]...
//!
//! A test cannot do these things in its own process, where other tests run beside it. Nor is there a `Command` here,
//! which would put some of it right again.
#![allow(unsafe_code, reason = "what breaks the rules of the standard library is the purpose")]
#![allow(clippy::unwrap_used, reason = "nobody but a test starts this, and reads what went wrong")]

use std::{
    env,
    ffi::{CStr, CString, OsString},
    fs::{self, File, Permissions},
    io,
    net::TcpListener,
    os::{
        fd::{AsRawFd, OwnedFd},
        unix::{ffi::OsStringExt, fs::PermissionsExt},
    },
    path::PathBuf,
    process,
};

use libc::{c_int, c_long};
use nix::{
    errno::Errno,
    mount::{MntFlags, MsFlags, mount, umount2},
    sched::{CloneFlags, unshare},
    sys::{
        resource::{Resource, getrlimit, setrlimit},
        signal::{SigSet, SigmaskHow, Signal, kill, sigprocmask},
        stat::{Mode, umask},
    },
    unistd::{Gid, Pid, Uid, chroot, setgid, setgroups, setsid, setuid},
};
use support::forgery;

fn main() {
    let mut words = Words(env::args_os().skip(1).collect::<Vec<_>>().into_iter());
    let mut environment = Vec::new();
    let mut fill = false;
    // Whatever the tests were started with; and std ignores SIGPIPE in every Rust program, which a shell does not.
    (1..=64).for_each(|number| dispose(number, libc::SIG_DFL));
    loop {
        match words.text().as_str() {
            // An entry of the environment, of any form.
            "env" => environment.push(words.c_string()),
            "close" => close(words.number()),
            // NUMBER PATH
            "open" => {
                let number = words.number();
                let path = words.path();
                let file = File::open(&path).unwrap_or_else(|_| File::create(&path).unwrap());
                copy(file.into(), number);
            }
            // FROM TO
            "copy" => {
                let from = words.number();
                check(dup2(from, words.number()));
            }
            "tcp" => copy(TcpListener::bind("127.0.0.1:0").unwrap().into(), words.number()),
            "pipe" => {
                let (reader, writer) = io::pipe().unwrap();
                let number = words.number();
                copy(reader.into(), number);
                copy(writer.into(), number + 1);
            }
            // NUMBER KIND WAITING: a socket pair, with something for the first of them to read.
            "pair" => pair(words.number(), &words.text(), words.text().as_bytes()),
            // NUMBER: a channel as for a forged stage, with both ends and the hello in it.
            "channel" => pair(words.number(), "stream", &forgery::hello()),
            "ignore" => dispose(words.number(), libc::SIG_IGN),
            // All but the two that cannot be.
            "ignore-all" => (1..=64).for_each(|number| dispose(number, libc::SIG_IGN)),
            // By the system call: libc keeps 32 and 33 to itself.
            "block" => block(words.number()),
            // All but those two.
            "block-all" => sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::all()), None).unwrap(),
            // It stays pending if it is blocked.
            "raise" => kill(Pid::this(), Signal::try_from(words.number()).unwrap()).unwrap(),
            "umask" => drop(umask(Mode::from_bits_truncate(words.octal()))),
            "chdir" => env::set_current_dir(words.path()).unwrap(),
            "chroot" => {
                chroot(&words.path()).unwrap();
                env::set_current_dir("/").unwrap();
            }
            "rmdir" => fs::remove_dir(words.path()).unwrap(),
            // OCTAL PATH
            "chmod" => {
                let mode = Permissions::from_mode(words.octal());
                fs::set_permissions(words.path(), mode).unwrap();
            }
            "limit-files" => limit(Resource::RLIMIT_NOFILE, words.text().parse().unwrap()),
            "limit-stack" => limit(Resource::RLIMIT_STACK, words.text().parse().unwrap()),
            // Arguments up to the last byte that there is room for, after those that are given.
            "fill" => fill = true,
            "session" => drop(setsid().unwrap()),
            // stdin becomes the controlling terminal of the session.
            "terminal" => take_terminal(),
            // NUMBER,...: root who is in these groups, too.
            "groups" => setgroups(&words.groups()).unwrap(),
            "group" => setgid(Gid::from_raw(words.id())).unwrap(),
            "user" => become_user(words.id(), &[]),
            // NUMBER NUMBER,...: a user who is in these groups, too.
            "user-in" => {
                let user = words.id();
                become_user(user, &words.groups());
            }
            // NUMBER CAPABILITY,...: a user with these capabilities, also in what is started.
            "user-with" => {
                nix::sys::prctl::set_keepcaps(true).unwrap();
                become_user(words.id(), &[]);
                keep_ambient(&words.numbers());
            }
            // BITS: what the kernel does about capabilities from here on, also in what is started.
            "securebits" => secure(words.number()),
            // PATH CAPABILITY: whoever runs the file has it.
            "grant" => grant(&words.c_string(), words.number()),
            // Mounts are this process's own from here on.
            "namespace" => {
                unshare(CloneFlags::CLONE_NEWNS).unwrap();
                let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
                mount(None::<&str>, "/", None::<&str>, private, None::<&str>).unwrap();
            }
            // TYPE TARGET OPTIONS
            "mount" => {
                let kind = words.text();
                let target = words.path();
                mount(
                    Some("none"),
                    &target,
                    Some(kind.as_str()),
                    MsFlags::empty(),
                    Some(words.text().as_str()),
                )
                .unwrap();
            }
            // FROM TO: with all that is mounted below.
            "bind" => {
                let from = words.path();
                let flags = MsFlags::MS_BIND | MsFlags::MS_REC;
                mount(Some(&from), &words.path(), None::<&str>, flags, None::<&str>).unwrap();
            }
            "unmount" => umount2(&words.path(), MntFlags::MNT_DETACH).unwrap(),
            // SYSTEM-CALL ERROR
            "refuse" => refuse(words.number(), words.number()),
            "refuse-ofd-locks" => refuse_ofd_locks(),
            "exec" => break,
            step => panic!("unknown step {step}"),
        }
    }
    let program = words.c_string();
    let argv = words.rest();
    let error =
        if fill { exec_filled(&program, &argv, &environment) } else { exec(&program, &argv, &environment) };
    eprintln!("launch: {}: {error}", program.to_string_lossy());
    process::exit(127);
}

/// The arguments that are left.
struct Words(std::vec::IntoIter<OsString>);

impl Words {
    fn path(&mut self) -> PathBuf {
        self.0.next().unwrap().into()
    }

    fn text(&mut self) -> String {
        self.0.next().unwrap().into_string().unwrap()
    }

    fn number(&mut self) -> c_int {
        self.text().parse().unwrap()
    }

    fn numbers(&mut self) -> Vec<u32> {
        self.text().split(',').map(|number| number.parse().unwrap()).collect()
    }

    fn id(&mut self) -> u32 {
        self.text().parse().unwrap()
    }

    fn groups(&mut self) -> Vec<Gid> {
        self.numbers().into_iter().map(Gid::from_raw).collect()
    }

    fn octal(&mut self) -> u32 {
        u32::from_str_radix(&self.text(), 8).unwrap()
    }

    fn c_string(&mut self) -> CString {
        CString::new(self.0.next().unwrap().into_vec()).unwrap()
    }

    fn rest(mut self) -> Vec<CString> {
        let mut rest = Vec::new();
        while self.0.len() > 0 {
            rest.push(self.c_string());
        }
        rest
    }
}

fn check(result: c_int) {
    Errno::result(result).unwrap();
}

fn close(number: c_int) {
    // SAFETY: nothing in this program owns a descriptor that a test may name here, except 0 to 2, whose owner is std,
    // which takes an error for their end.
    check(unsafe { libc::close(number) });
}

fn dup2(from: c_int, to: c_int) -> c_int {
    // SAFETY: as for `close`.
    unsafe { libc::dup2(from, to) }
}

/// Leaves a copy without close-on-exec at this number, and nothing at the old one.
fn copy(file: OwnedFd, number: c_int) {
    check(dup2(file.as_raw_fd(), number));
    // It already had that number, by chance: `dup2` did nothing.
    if file.as_raw_fd() == number {
        // SAFETY: the descriptor is open, and the command only changes its flag.
        check(unsafe { libc::fcntl(number, libc::F_SETFD, 0) });
        std::mem::forget(file);
    }
}

fn pair(number: c_int, kind: &str, waiting: &[u8]) {
    let kind = match kind {
        "stream" => libc::SOCK_STREAM,
        "datagram" => libc::SOCK_DGRAM,
        "packets" => libc::SOCK_SEQPACKET,
        _ => panic!("unknown kind {kind}"),
    };
    let mut pair = [0; 2];
    // SAFETY: there is room for the two numbers.
    check(unsafe { libc::socketpair(libc::AF_UNIX, kind, 0, pair.as_mut_ptr()) });
    if !waiting.is_empty() {
        // SAFETY: the buffer has this length.
        let sent = unsafe { libc::send(pair[1], waiting.as_ptr().cast(), waiting.len(), 0) };
        Errno::result(sent).unwrap();
    }
    for (from, to) in pair.into_iter().zip(number..) {
        check(dup2(from, to));
        if from != to {
            close(from);
        }
    }
}

/// Sets the disposition of a signal, by the system call: libc keeps 32 and 33 to itself.
fn dispose(signal: c_int, disposition: libc::sighandler_t) {
    // The handler comes first, flags and mask are empty, whatever their order on this architecture.
    let action = [disposition, 0, 0, 0];
    let size_of_set: c_long = 8;
    let none = std::ptr::null_mut::<usize>();
    // SAFETY: the kernel reads the four words (on some architectures the last is not looked at) and writes nothing.
    unsafe {
        libc::syscall(libc::SYS_rt_sigaction, c_long::from(signal), action.as_ptr(), none, size_of_set)
    };
}

/// Blocks a signal, whichever it is.
fn block(signal: c_int) {
    let set = 1_u64 << (signal - 1);
    let size_of_set: c_long = 8;
    let none = std::ptr::null_mut::<u64>();
    // SAFETY: the kernel reads a set of 64 bits, and writes nothing.
    let blocked = unsafe {
        libc::syscall(libc::SYS_rt_sigprocmask, libc::SIG_BLOCK, &raw const set, none, size_of_set)
    };
    Errno::result(blocked).unwrap();
}

fn become_user(number: u32, groups: &[Gid]) {
    setgroups(groups).unwrap();
    setgid(Gid::from_raw(number)).unwrap();
    setuid(Uid::from_raw(number)).unwrap();
}

/// Gives up every capability but these of the first 32, which become ambient ones.
fn keep_ambient(capabilities: &[u32]) {
    let bits = capabilities.iter().fold(0, |bits, capability| bits | 1_u32 << capability);
    // Version 3, this process; then effective, permitted and inheritable, the lower half first.
    let (header, sets) = ([0x2008_0522_u32, 0], [bits, bits, bits, 0, 0, 0]);
    // SAFETY: the kernel reads two words and six words.
    let set = unsafe { libc::syscall(libc::SYS_capset, header.as_ptr(), sets.as_ptr()) };
    Errno::result(set).unwrap();
    for &capability in capabilities {
        // SAFETY: the arguments are numbers.
        check(unsafe {
            libc::prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_RAISE, c_long::from(capability), 0, 0)
        });
    }
}

fn secure(bits: c_int) {
    // SAFETY: the arguments are numbers.
    check(unsafe { libc::prctl(libc::PR_SET_SECUREBITS, c_long::from(bits), 0, 0, 0) });
}

/// As `setcap CAPABILITY=ep PATH` does, for one of the first 32.
fn grant(path: &CStr, capability: c_int) {
    const VERSION_2: u32 = 0x0200_0000;
    const EFFECTIVE: u32 = 1;
    // Permitted and inheritable, the lower half first.
    let words = [VERSION_2 | EFFECTIVE, 1 << capability, 0, 0, 0].map(u32::to_le_bytes);
    let (name, value) = (c"security.capability", words.as_flattened());
    // SAFETY: both strings end with a zero byte, and the value has this length.
    check(unsafe { libc::setxattr(path.as_ptr(), name.as_ptr(), value.as_ptr().cast(), value.len(), 0) });
}

fn take_terminal() {
    // SAFETY: the request takes a number, no pointer.
    check(unsafe { libc::ioctl(0, libc::TIOCSCTTY, 0) });
}

/// Sets the soft limit, or raises it as far as it may be.
fn limit(resource: Resource, wanted: u64) {
    let (_, hard) = getrlimit(resource).unwrap();
    if setrlimit(resource, wanted, hard.max(wanted)).is_err() {
        setrlimit(resource, hard, hard).unwrap();
    }
}

/// From here on this system call fails with this error, also in what is started: as in a container whose filter is
/// older than the call.
fn refuse(system_call: c_int, error: c_int) {
    install_filter(&mut [
        load(SYSTEM_CALL),
        go_on_if(libc::BPF_JEQ, u32::try_from(system_call).unwrap(), 1),
        refuse_with(error),
        allow(),
    ]);
}

/// From here on the locks of open files are unknown, as to a kernel or a file system that is older than they are.
fn refuse_ofd_locks() {
    install_filter(&mut [
        load(SYSTEM_CALL),
        go_on_if(libc::BPF_JEQ, u32::try_from(libc::SYS_fcntl).unwrap(), 4),
        load(SECOND_ARGUMENT),
        go_on_if(libc::BPF_JGE, u32::try_from(libc::F_OFD_GETLK).unwrap(), 2),
        go_on_unless(libc::BPF_JGT, u32::try_from(libc::F_OFD_SETLKW).unwrap(), 1),
        refuse_with(libc::EINVAL),
        allow(),
    ]);
}

/// Where a filter finds the number of the system call, and the lower half of its second argument.
const SYSTEM_CALL: u32 = 0;
const SECOND_ARGUMENT: u32 = if cfg!(target_endian = "big") { 28 } else { 24 };

fn step(code: u32, jt: u8, jf: u8, k: u32) -> libc::sock_filter {
    libc::sock_filter { code: u16::try_from(code).unwrap(), jt, jf, k }
}

fn load(from: u32) -> libc::sock_filter {
    step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, from)
}

/// Skips so many steps if what was loaded does not compare like this.
fn go_on_if(comparison: u32, with: u32, otherwise: u8) -> libc::sock_filter {
    step(libc::BPF_JMP | comparison | libc::BPF_K, 0, otherwise, with)
}

fn go_on_unless(comparison: u32, with: u32, otherwise: u8) -> libc::sock_filter {
    step(libc::BPF_JMP | comparison | libc::BPF_K, otherwise, 0, with)
}

fn refuse_with(error: c_int) -> libc::sock_filter {
    step(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ERRNO | u32::try_from(error).unwrap())
}

fn allow() -> libc::sock_filter {
    step(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW)
}

fn install_filter(filter: &mut [libc::sock_filter]) {
    let program = libc::sock_fprog { len: u16::try_from(filter.len()).unwrap(), filter: filter.as_mut_ptr() };
    // An ordinary user may install a filter only if nothing started afterwards gains rights.
    nix::sys::prctl::set_no_new_privs().unwrap();
    // SAFETY: the kernel copies the program, whose length is right.
    check(unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) });
}

/// Only returns when it failed.
fn exec(program: &CStr, argv: &[CString], environment: &[CString]) -> Errno {
    nix::unistd::execve(program, argv, environment).unwrap_err()
}

fn exec_filled(program: &CStr, argv: &[CString], environment: &[CString]) -> Errno {
    /// No argument may be longer than 32 pages.
    const LONGEST: usize = 100_000;
    /// Less than one more entry in the environment takes.
    const STEP: usize = 32;
    // The kernel gives a quarter of the stack to arguments and environment.
    let (stack, _) = getrlimit(Resource::RLIMIT_STACK).unwrap();
    let room = usize::try_from(stack / 4).unwrap();
    let mut error = Errno::E2BIG;
    for length in (0..room).rev().step_by(STEP) {
        let filling = vec![b'x'; length];
        let filling = filling.chunks(LONGEST).map(|chunk| CString::new(chunk).unwrap());
        error = exec(program, &argv.iter().cloned().chain(filling).collect::<Vec<_>>(), environment);
        if error != Errno::E2BIG {
            break;
        }
    }
    error
}
