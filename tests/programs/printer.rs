//! A daemon with log files, which does what its arguments say, one after the other.
//!
//!     printer [--OPTION=VALUE]... [ACTION[=WORD]]...
//!
//! What `EARLY` says is printed before the daemon has settled.

use std::{
    env,
    error::Error,
    fs::File,
    hint,
    io::{self, Write},
    path::PathBuf,
    process::{self, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

use godaemon::{Ready, Stage};
use nix::{
    sys::resource::{Resource, setrlimit},
    unistd::{Whence, lseek, write},
};
use signal_hook::{
    consts::{SIGHUP, SIGTERM},
    flag,
    iterator::Signals,
};

#[godaemon::main(
    values = [args = Args::parse()?],
    foreground = args.foreground,
    pid_file = &args.pid_file,
    stdout = &args.stdout,
    stderr = &args.stderr,
    working_dir = &args.working_dir,
    umask = args.umask,
    user = args.user,
    group = args.group,
    files = [file = args.file()?],
)]
fn main(args: Args, file: Option<File>, ready: Ready) -> Result<(), Box<dyn Error>> {
    let mut actions = Actions { ready: Some(ready), told: Vec::new() };
    args.actions.iter().try_for_each(|action| actions.act(action))?;
    drop(file);
    Ok(())
}

struct Args {
    foreground: bool,
    pid_file: Option<PathBuf>,
    stdout: Option<PathBuf>,
    stderr: Option<PathBuf>,
    working_dir: Option<PathBuf>,
    umask: u32,
    user: Option<u32>,
    group: Option<u32>,
    /// A file to make in the parent, behind everything else.
    file: Option<PathBuf>,
    /// Whether the parent is to stop there.
    stop: bool,
    actions: Vec<String>,
}

impl Args {
    fn parse() -> Result<Self, Box<dyn Error>> {
        let mut args = Self {
            foreground: false,
            pid_file: None,
            stdout: None,
            stderr: None,
            working_dir: None,
            umask: 0o022,
            user: None,
            group: None,
            file: None,
            stop: false,
            actions: Vec::new(),
        };
        for arg in env::args().skip(1) {
            let Some(option) = arg.strip_prefix("--") else {
                args.actions.push(arg);
                continue;
            };
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            let path = || Some(value.into());
            match name {
                "foreground" => args.foreground = true,
                "pid-file" => args.pid_file = path(),
                "stdout" => args.stdout = path(),
                "stderr" => args.stderr = path(),
                "working-dir" => args.working_dir = path(),
                "umask" => args.umask = u32::from_str_radix(value, 8)?,
                "user" => args.user = Some(value.parse()?),
                "group" => args.group = Some(value.parse()?),
                "file" => args.file = path(),
                "stop" => args.stop = true,
                _ => return Err(format!("no such option: {name}").into()),
            }
        }
        if godaemon::stage() == Stage::Daemon
            && let Ok(text) = env::var("EARLY")
        {
            if text == "fail" {
                return Err("no luck".into());
            }
            println!("{text} on stdout");
            eprintln!("{text} on stderr");
        }
        Ok(args)
    }

    fn file(&self) -> Result<Option<File>, Box<dyn Error>> {
        if self.stop {
            support::obey("files")?;
        }
        Ok(self.file.as_ref().map(File::create).transpose()?)
    }
}

struct Actions {
    ready: Option<Ready>,
    /// What the next report tells.
    told: Vec<(&'static str, String)>,
}

impl Actions {
    fn act(&mut self, action: &str) -> Result<(), Box<dyn Error>> {
        let (action, word) = action.split_once('=').unwrap_or((action, ""));
        match action {
            "ready" => self.ready.take().ok_or("it is ready")?.notify()?,
            "stop" => {
                let told: Vec<_> = self.told.iter().map(|(key, value)| (*key, value.as_str())).collect();
                support::obey_with(word, &told)?;
                self.told.clear();
            }
            "println" => println!("{word}"),
            "eprintln" => eprintln!("{word}"),
            "print" => print!("{word}"),
            // As C does it: the system call, past all of std.
            "c" => {
                write(io::stdout(), format!("{word}\n").as_bytes())?;
                write(io::stderr(), format!("{word}\n").as_bytes())?;
            }
            "child" => {
                let script = "echo \"$0\"; echo \"$0\" >&2";
                let mut shell = Command::new("/bin/sh");
                if !shell.args(["-c", script, word]).stdin(Stdio::null()).status()?.success() {
                    return Err("the child could not print".into());
                }
            }
            // What prints panics if it cannot; this tells.
            "try" => {
                let printed = io::stdout().write_all(b"text\n").and_then(|()| io::stdout().flush());
                self.tell("printed", &printed);
                self.tell("printed", &io::stderr().write_all(b"text\n"));
            }
            "exit" => process::exit(word.parse()?),
            "thread-panics" => drop(thread::spawn(|| panic!("a thread fell")).join()),
            "no-memory" => {
                setrlimit(Resource::RLIMIT_AS, 1 << 30, 1 << 30)?;
                drop(hint::black_box(Vec::<u8>::with_capacity(1 << 40)));
            }
            "overflow" => drop(overflow(0)),
            "reopen" => self.tell("reopened", &godaemon::reopen_output()),
            "reopen-often" => (0..word.parse::<u32>()?).try_for_each(|_| godaemon::reopen_output())?,
            "reopen-at-once" => self.told.push(("split", reopen_at_once()?)),
            "reopen-locked" => reopen_locked()?,
            "reopen-on-hup" => reopen_on_hup()?,
            "count" => self.told.extend(count(word == "whole")?),
            _ => return Err(format!("no such action: {action}").into()),
        }
        Ok(())
    }

    fn tell(&mut self, key: &'static str, result: &io::Result<()>) {
        let text = match result {
            Ok(()) => "Ok".to_owned(),
            Err(error) => format!("{:?}: {error}", error.kind()),
        };
        self.told.push((key, text));
    }
}

#[expect(unconditional_recursion, reason = "that is the purpose")]
fn overflow(depth: usize) -> usize {
    hint::black_box(overflow(hint::black_box(depth + 1))) + 1
}

/// Two threads open the same file again at the same time, many times. How often stdout and stderr came to be two open
/// files.
fn reopen_at_once() -> Result<String, Box<dyn Error>> {
    const ROUNDS: usize = 5_000;
    let arrived = AtomicUsize::new(0);
    // Not a `Barrier`, which wakes one after the other.
    let meet = |number: usize| {
        arrived.fetch_add(1, Ordering::SeqCst);
        while arrived.load(Ordering::SeqCst) < number {
            thread::yield_now();
        }
    };
    let open = |round: usize| {
        meet(4 * round + 2);
        godaemon::reopen_output()?;
        meet(4 * round + 4);
        Ok::<_, io::Error>(())
    };
    let mut split = 0;
    thread::scope(|scope| {
        let other = scope.spawn(|| (0..ROUNDS).try_for_each(open));
        for round in 0..ROUNDS {
            open(round)?;
            split += u32::from(!is_one_file()?);
        }
        other.join().map_err(|_| "a panic")?.map_err(Box::<dyn Error>::from)
    })?;
    Ok(split.to_string())
}

/// Two threads open the files again, many times, and one of them has standard error locked meanwhile.
fn reopen_locked() -> io::Result<()> {
    const ROUNDS: usize = 1_000;
    thread::scope(|scope| {
        scope.spawn(|| (0..ROUNDS).try_for_each(|_| godaemon::reopen_output()));
        (0..ROUNDS).try_for_each(|_| {
            let _printing = io::stderr().lock();
            godaemon::reopen_output()
        })
    })
}

/// What is appended by one of stdout and stderr moves both, if they are one open file.
fn is_one_file() -> nix::Result<bool> {
    write(io::stdout(), b"x")?;
    Ok(lseek(io::stdout(), 0, Whence::SeekCur)? == lseek(io::stderr(), 0, Whence::SeekCur)?)
}

/// From here on, beside everything else.
fn reopen_on_hup() -> io::Result<()> {
    let mut signals = Signals::new([SIGHUP])?;
    thread::spawn(move || {
        for _ in signals.forever() {
            if let Err(error) = godaemon::reopen_output() {
                eprintln!("{error}");
            }
        }
    });
    Ok(())
}

/// Prints numbers to both streams as fast as it can, until SIGTERM; tells how many there are.
///
/// A line of `eprintln!` goes out in several pieces. In one file with others it has to be whole.
fn count(whole: bool) -> Result<[(&'static str, String); 2], Box<dyn Error>> {
    let enough = Arc::new(AtomicBool::new(false));
    flag::register(SIGTERM, Arc::clone(&enough))?;
    let count = |print: fn(u64)| {
        let enough = Arc::clone(&enough);
        thread::spawn(move || {
            let mut number = 0;
            while !enough.load(Ordering::Relaxed) {
                print(number);
                number += 1;
            }
            number.to_string()
        })
    };
    let print_error: fn(u64) = if whole {
        |number| drop(io::stderr().write_all(format!("stderr {number}\n").as_bytes()))
    } else {
        |number| eprintln!("stderr {number}")
    };
    let threads = [("stdout", count(|number| println!("stdout {number}"))), ("stderr", count(print_error))];
    let [stdout, stderr] = threads.map(|(name, thread)| Some((name, thread.join().ok()?)));
    Ok([stdout.ok_or("a panic")?, stderr.ok_or("a panic")?])
}
