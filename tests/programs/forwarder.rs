//! A daemon that forwards what it prints, and does what its arguments say, one after the other.
//!
//!     forwarder [--foreground] ACTION[=WORD]...
//!
//! It prints what it finds in the files `stdout` and `stderr`. What its closures keep is in `kept-stdout` and `kept-stderr`
//! when they have been dropped: of each line the length, the end of a line, and the line itself.

use std::{
    convert::Infallible,
    env,
    error::Error,
    fs::{self, File},
    io::{self, BufRead, BufWriter, Read, Write},
    mem,
    os::fd::AsFd,
    panic,
    process::{self, Child, Command, Stdio},
    str::FromStr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc::{self, Receiver, Sender},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use godaemon::{Daemon, Options, Reader};
use nix::{
    fcntl::{FcntlArg, fcntl},
    poll::{PollFd, PollFlags, PollTimeout, poll},
    unistd::{dup2_stderr, dup2_stdout, gettid, write},
};

/// What a closure may want while somebody prints.
static LOCK: Mutex<()> = Mutex::new(());

/// How often the program's own panic hook was called.
static HOOKED: AtomicUsize = AtomicUsize::new(0);

fn main() -> Result<(), Box<dyn Error>> {
    let foreground = env::args().any(|arg| arg == "--foreground");
    let daemon = Options::new().foreground(foreground).working_dir(".").capture_output().daemonize()?;
    let mut program = Program {
        daemon,
        readers: [None, None],
        forwarded: [None, None],
        printing: None,
        child: None,
        told: Vec::new(),
    };
    let mut actions = env::args().skip(1).filter(|arg| !arg.starts_with("--"));
    actions.try_for_each(|action| program.act(&action))
}

struct Program {
    daemon: Daemon,
    /// Those that were taken, and that nobody forwards.
    readers: [Option<Reader>; 2],
    forwarded: [Option<Forwarded>; 2],
    /// What prints on a thread of its own.
    printing: Option<JoinHandle<io::Result<()>>>,
    child: Option<Child>,
    /// What the next report tells.
    told: Vec<(&'static str, String)>,
}

/// What is known of a closure.
struct Forwarded {
    lines: Arc<AtomicUsize>,
    bytes: Arc<AtomicUsize>,
    /// Nothing ever comes; it ends with the closure.
    ended: Receiver<Infallible>,
}

impl Program {
    fn act(&mut self, action: &str) -> Result<(), Box<dyn Error>> {
        let (action, word) = action.split_once('=').unwrap_or((action, ""));
        match action {
            "stdout" | "stderr" => self.forward(action.parse()?, word)?,
            "take" => self.readers[word.parse::<Stream>()? as usize] = Some(self.take(word.parse()?)?),
            "forget" => mem::forget(self.take(word.parse()?)?),
            "read-line" => {
                let mut reader = self.take(word.parse()?)?;
                let mut line = String::new();
                reader.read_line(&mut line)?;
                self.told.push(("line", line));
                self.readers[word.parse::<Stream>()? as usize] = Some(reader);
            }
            "read" => {
                let wanted = fs::read(word)?;
                let mut came = vec![0; wanted.len()];
                self.take(word.parse()?)?.read_exact(&mut came)?;
                self.told.push(("same", (came == wanted).to_string()));
            }
            "println" => println!("{word}"),
            "eprintln" => eprintln!("{word}"),
            "print" => print(word)?,
            "repeat" => {
                let bytes = fs::read("stdout")?;
                (0..word.parse::<u32>()?).try_for_each(|_| Stream::Stdout.write(&bytes))?;
            }
            "crowd" => crowd(word.parse()?)?,
            "spawn" => self.print_beside(word.parse()?)?,
            "join" => {
                let printing = self.printing.take().ok_or("nothing prints")?;
                printing.join().map_err(|_| "printing panicked")??;
            }
            "child" => {
                let script = format!("read go; echo {word}");
                self.child =
                    Some(Command::new("/bin/sh").arg("-c").arg(script).stdin(Stdio::piped()).spawn()?);
            }
            // The end of its input is the word.
            "let-child" => drop(self.child.take().ok_or("no child")?.wait()?),
            "pipe" => drop(fcntl(io::stdout(), FcntlArg::F_SETPIPE_SZ(word.parse()?))?),
            "over" => word.parse::<Stream>()?.lead_into(&File::create("other")?)?,
            "hook" => count_panics(),
            "hooked" => self.told.push(("hooked", HOOKED.load(Ordering::Relaxed).to_string())),
            "close" => godaemon::close_output()?,
            "seen-stdout" | "seen-stderr" => {
                let forwarded = self.forwarded(action.trim_start_matches("seen-"))?;
                let wanted = word.parse()?;
                let enough = || (forwarded.lines.load(Ordering::Relaxed) >= wanted).then_some(());
                support::wait_until("lines", enough);
            }
            "bytes" => {
                let bytes = self.forwarded(word)?.bytes.load(Ordering::Relaxed).to_string();
                self.told.push(("bytes", bytes));
            }
            // Waits for it.
            "ended" => drop(self.forwarded(word)?.ended.recv()),
            "stop" => {
                let told: Vec<_> = self.told.iter().map(|(key, value)| (*key, value.as_str())).collect();
                support::obey_with(word, &told)?;
                self.told.clear();
            }
            "exit" => process::exit(word.parse()?),
            _ => return Err(format!("no such action: {action}").into()),
        }
        Ok(())
    }

    fn take(&mut self, stream: Stream) -> Result<Reader, &'static str> {
        let kept = self.readers[stream as usize].take();
        let reader = kept.or_else(|| match stream {
            Stream::Stdout => self.daemon.take_stdout(),
            Stream::Stderr => self.daemon.take_stderr(),
        });
        reader.ok_or("no reader")
    }

    fn forward(&mut self, stream: Stream, how: &str) -> Result<(), Box<dyn Error>> {
        let (sender, ended) = mpsc::channel();
        let forwarded = Forwarded { lines: Arc::default(), bytes: Arc::default(), ended };
        let keeper = Keeper {
            file: BufWriter::new(File::create(format!("kept-{}", stream.name()))?),
            lines: Arc::clone(&forwarded.lines),
            bytes: Arc::clone(&forwarded.bytes),
            _alive: sender,
        };
        self.forwarded[stream as usize] = Some(forwarded);
        Ok(self.take(stream)?.forward(closure(stream, how, keeper)?)?)
    }

    fn forwarded(&self, stream: &str) -> Result<&Forwarded, String> {
        self.forwarded[stream.parse::<Stream>()? as usize].as_ref().ok_or("it is not forwarded".into())
    }

    /// Prints in one piece, and goes on.
    fn print_beside(&mut self, stream: Stream) -> Result<(), Box<dyn Error>> {
        let bytes = fs::read(stream.name())?;
        let (sender, receiver) = mpsc::channel();
        self.printing = Some(thread::spawn(move || {
            sender.send(gettid()).map_err(io::Error::other)?;
            stream.write(&bytes)
        }));
        self.told.push(("thread", receiver.recv()?.to_string()));
        Ok(())
    }
}

#[derive(Clone, Copy)]
enum Stream {
    Stdout,
    Stderr,
}

impl FromStr for Stream {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "stdout" => Ok(Self::Stdout),
            "stderr" => Ok(Self::Stderr),
            _ => Err(format!("no such stream: {name}")),
        }
    }
}

impl Stream {
    fn name(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Stdout => Self::Stderr,
            Self::Stderr => Self::Stdout,
        }
    }

    /// As Rust does it: under a lock.
    fn print(self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Stdout => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(bytes)?;
                stdout.flush()
            }
            Self::Stderr => io::stderr().write_all(bytes),
        }
    }

    /// As C does it: the system call, past all of std.
    fn write(self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let count = match self {
                Self::Stdout => write(io::stdout(), bytes),
                Self::Stderr => write(io::stderr(), bytes),
            };
            bytes = &bytes[count?..];
        }
        Ok(())
    }

    fn has_room(self) -> bool {
        let (stdout, stderr) = (io::stdout(), io::stderr());
        let stream = match self {
            Self::Stdout => stdout.as_fd(),
            Self::Stderr => stderr.as_fd(),
        };
        let mut asked = [PollFd::new(stream, PollFlags::POLLOUT)];
        poll(&mut asked, PollTimeout::ZERO) != Ok(0)
    }

    fn lead_into(self, file: &File) -> nix::Result<()> {
        match self {
            Self::Stdout => dup2_stdout(file),
            Self::Stderr => dup2_stderr(file),
        }
    }
}

// What becomes of the lines

/// What a closure keeps. It writes the last of it when it is dropped, before it says that it is gone.
struct Keeper {
    file: BufWriter<File>,
    lines: Arc<AtomicUsize>,
    bytes: Arc<AtomicUsize>,
    _alive: Sender<Infallible>,
}

impl Keeper {
    fn count(&self, line: &[u8]) {
        self.bytes.fetch_add(line.len(), Ordering::Relaxed);
        self.lines.fetch_add(1, Ordering::Relaxed);
    }

    fn keep(&mut self, line: &[u8]) {
        must(writeln!(self.file, "{}", line.len()));
        must(self.file.write_all(line));
        self.count(line);
    }
}

/// For closures, in which an error would be nobody's, and a panic would be survived.
fn must<T, E>(result: Result<T, E>) -> T {
    result.unwrap_or_else(|_| process::abort())
}

type Closure = Box<dyn FnMut(&[u8]) + Send>;

fn closure(stream: Stream, how: &str, mut keeper: Keeper) -> Result<Closure, Box<dyn Error>> {
    Ok(match how {
        "keep" => Box::new(move |line| keeper.keep(line)),
        "count" => Box::new(move |line| keeper.count(line)),
        "slow" => Box::new(move |line| {
            thread::sleep(Duration::from_millis(50));
            keeper.keep(line);
        }),
        "stop" => Box::new(move |line| {
            if line == b"stop" {
                must(support::obey("closure"));
            }
            keeper.keep(line);
        }),
        "lock" => Box::new(move |line| {
            drop(LOCK.lock().unwrap_or_else(PoisonError::into_inner));
            keeper.keep(line);
        }),
        "fall" => Box::new(move |line| {
            assert!(!line.starts_with(b"fall"), "the sky fell");
            keeper.keep(line);
        }),
        "fall-when-full" => Box::new(move |line| {
            if line == b"fall" {
                support::wait_until("the pipe to be full", || (!stream.has_room()).then_some(()));
                panic!("the sky fell");
            }
            keeper.keep(line);
        }),
        "fall-always" => Box::new(move |line| {
            keeper.count(line);
            panic!("the sky fell");
        }),
        "echo" => Box::new(move |line| {
            keeper.count(line);
            must(stream.print(&[line, b"\n"].concat()));
        }),
        "echo-as-c" => Box::new(move |line| {
            keeper.count(line);
            must(stream.write(&[line, b"\n"].concat()));
        }),
        "cross" => Box::new(move |line| {
            keeper.count(line);
            must(stream.other().print(&[line, b"\n"].concat()));
        }),
        _ => return Err("no such closure".into()),
    })
}

/// Beside the hook that was there.
fn count_panics() {
    let previous = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        HOOKED.fetch_add(1, Ordering::Relaxed);
        previous(info);
    }));
}

// What is printed

/// Prints to both streams at the same time.
fn print(how: &str) -> Result<(), Box<dyn Error>> {
    if how == "child" {
        let script = "cat stdout & cat stderr >&2; wait";
        let status = Command::new("/bin/sh").arg("-c").arg(script).stdin(Stdio::null()).status()?;
        return if status.success() { Ok(()) } else { Err("the child could not print".into()) };
    }
    let [output, error] = [fs::read("stdout")?, fs::read("stderr")?];
    thread::scope(|scope| {
        let other = scope.spawn(|| print_to(Stream::Stdout, how, &output));
        print_to(Stream::Stderr, how, &error)?;
        other.join().map_err(|_| "printing panicked")??;
        Ok(())
    })
}

fn print_to(stream: Stream, how: &str, bytes: &[u8]) -> io::Result<()> {
    match how {
        "rust" => bytes.chunks(1000).try_for_each(|piece| stream.print(piece)),
        "at-once" => stream.print(bytes),
        "c" => {
            let mut rest = bytes;
            for length in [1, 7, 1000, 4095, 4097, 65537].into_iter().cycle() {
                let (piece, others) = rest.split_at(length.min(rest.len()));
                stream.write(piece)?;
                rest = others;
                if rest.is_empty() {
                    break;
                }
            }
            Ok(())
        }
        "c-at-once" => stream.write(bytes),
        "c-line-by-line" => {
            bytes.split_inclusive(|&byte| byte == b'\n').try_for_each(|line| stream.write(line))
        }
        // Of these a pipe holds fewer bytes than of any others: one in each page, and the rest of the page is empty.
        "half-pages" => bytes.chunks(2049).try_for_each(|piece| stream.write(piece)),
        "with-the-lock" => {
            let _lock = LOCK.lock().unwrap_or_else(PoisonError::into_inner);
            stream.write(bytes)
        }
        _ => Err(io::Error::other("no such way to print")),
    }
}

/// Threads and children that print so many lines each, all at the same time.
fn crowd(lines: usize) -> Result<(), Box<dyn Error>> {
    let script = "number=0; while [ $number -lt $1 ]; do echo $0 $number; number=$((number + 1)); done";
    let child = |name: &str| Command::new("/bin/sh").args(["-c", script, name, &lines.to_string()]).spawn();
    let children = [child("child-0")?, child("child-1")?];
    thread::scope(|scope| {
        for name in ["thread-0", "thread-1", "thread-2"] {
            scope.spawn(move || (0..lines).for_each(|number| println!("{name} {number}")));
        }
    });
    for mut child in children {
        child.wait()?;
    }
    Ok(())
}
