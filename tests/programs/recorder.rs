//! A daemon whose output becomes records of its own log, in the file `log`; it does what its arguments say, one after the
//! other.
//!
//!     recorder CRATE LOG ACTION[=WORD]...
//!
//! The crate is `log` or `tracing`, and the log is kept as `text` or as `json` (of `tracing` only). The log may be printed
//! to standard error as well, against all advice: `text-printed`, or from a thread of its own: `text-printed-beside`.

use std::{
    env,
    error::Error,
    fs::{self, File},
    io::{self, Write},
    process,
    sync::{
        Arc,
        mpsc::{self, Sender},
    },
    thread::{self, JoinHandle},
};

use godaemon::{Daemon, Options, Reader};
use nix::fcntl::{FcntlArg, fcntl};

fn main() -> Result<(), Box<dyn Error>> {
    let daemon = Options::new().working_dir(".").capture_output().daemonize()?;
    let mut args = env::args().skip(1);
    let (name, kind) = (args.next().ok_or("which crate?")?, args.next().ok_or("which log?")?);
    let is_tracing = name == "tracing";
    let log = Log::new(&kind)?;
    match (is_tracing, kind.starts_with("json")) {
        (false, false) => {
            log::set_boxed_logger(Box::new(log))?;
            log::set_max_level(log::LevelFilter::Trace);
        }
        (false, true) => return Err("`log` makes no JSON".into()),
        (true, false) => subscriber().with_writer(move || log.clone()).init(),
        (true, true) => subscriber().with_writer(move || log.clone()).json().init(),
    }
    let mut program = Program { daemon, is_tracing, printing: None, told: Vec::new() };
    args.try_for_each(|action| program.act(&action))
}

fn subscriber() -> tracing_subscriber::fmt::SubscriberBuilder {
    tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false)
}

struct Program {
    daemon: Daemon,
    is_tracing: bool,
    /// What prints on a thread of its own.
    printing: Option<JoinHandle<io::Result<()>>>,
    /// What the next report tells.
    told: Vec<(&'static str, String)>,
}

impl Program {
    fn act(&mut self, action: &str) -> Result<(), Box<dyn Error>> {
        let (action, word) = action.split_once('=').unwrap_or((action, ""));
        match action {
            "stdout" => self.forward(Daemon::take_stdout, word)?,
            "stderr" => self.forward(Daemon::take_stderr, word)?,
            "print" => {
                io::stdout().write_all(&fs::read("stdout")?)?;
                io::stderr().write_all(&fs::read("stderr")?)?;
                io::stdout().flush()?;
            }
            "eprintln" => eprintln!("{word}"),
            "pipe" => drop(fcntl(io::stderr(), FcntlArg::F_SETPIPE_SZ(word.parse()?))?),
            // Line by line, as programs do, or all at once, with a lock that the log wants.
            "flood" => {
                let bytes = fs::read("stderr")?;
                self.printing = Some(match word {
                    "at-once" => thread::spawn(move || io::stderr().write_all(&bytes)),
                    _ => thread::spawn(move || {
                        bytes
                            .split_inclusive(|&byte| byte == b'\n')
                            .try_for_each(|line| io::stderr().write_all(line))
                    }),
                });
            }
            "join" => {
                let printing = self.printing.take().ok_or("nothing prints")?;
                printing.join().map_err(|_| "printing panicked")??;
            }
            // What prints panics if it cannot; this tells.
            "try" => self.told.push(("printed", format!("{:?}", io::stderr().write_all(b"text\n")))),
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

    fn forward(
        &mut self,
        take: fn(&mut Daemon) -> Option<Reader>,
        level: &str,
    ) -> Result<(), Box<dyn Error>> {
        let reader = take(&mut self.daemon).ok_or("no reader")?;
        if self.is_tracing {
            reader.forward_to_tracing(level.parse()?)?;
        } else {
            reader.forward_to_log(level.parse()?)?;
        }
        Ok(())
    }
}

/// Where records go, each in one piece.
#[derive(Clone)]
struct Log {
    file: Arc<File>,
    printer: Printer,
}

#[derive(Clone)]
enum Printer {
    None,
    Here,
    Beside(Sender<Vec<u8>>),
}

impl Log {
    fn new(kind: &str) -> io::Result<Self> {
        let file = Arc::new(File::options().append(true).create(true).open("log")?);
        let printer = match kind.split_once('-') {
            None => Printer::None,
            Some((_, "printed")) => Printer::Here,
            Some(_) => {
                let (sender, receiver) = mpsc::channel();
                thread::spawn(move || receiver.iter().try_for_each(|record: Vec<u8>| print(&record)));
                Printer::Beside(sender)
            }
        };
        Ok(Self { file, printer })
    }
}

fn print(record: &[u8]) -> io::Result<()> {
    io::stderr().write_all(record)
}

impl Write for Log {
    fn write(&mut self, record: &[u8]) -> io::Result<usize> {
        (&*self.file).write_all(record)?;
        match &self.printer {
            Printer::None => {}
            Printer::Here => print(record)?,
            Printer::Beside(sender) => sender.send(record.to_vec()).map_err(io::Error::other)?,
        }
        Ok(record.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl log::Log for Log {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let text = format!("{} {}: {}\n", record.level(), record.target(), record.args());
        if self.clone().write_all(text.as_bytes()).is_err() {
            process::abort();
        }
    }

    fn flush(&self) {}
}
