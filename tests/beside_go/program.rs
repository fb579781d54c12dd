//! What `program.go` beside it is, on this crate: the same steps in the same order, and the same report. Both are as one
//! writes them by hand.
//!
//! Environment variables say what to do: `NAME`, `FILES` and `CAPTURE` are the three options of the Go package; the others
//! are for the tests. `EARLY` is for this program alone: it then reports before it says that it is up.
#![allow(clippy::unwrap_used, reason = "nobody but a test starts this, and sees what it did not do")]

use std::{
    env,
    error::Error,
    fs::{self, File},
    io::{self, Read, Seek, Write},
    os::fd::AsRawFd,
    path::PathBuf,
    process::{self, Command, ExitCode},
    thread,
};

use godaemon::{Daemon, Options, Reader};
use nix::unistd::write;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    match start() {
        Ok(daemon) => match body(daemon) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        },
        Err(error) => {
            eprintln!("twin: {error:#}");
            ExitCode::from(error.exit_code())
        }
    }
}

fn start() -> Result<Daemon, godaemon::Error> {
    if set("RAN") {
        append_to("ran", &format!("{}\n", godaemon::stage())).unwrap();
    }
    let mut options = Options::new().wait_for_ready().program_name(env::var("NAME").ok());
    if set("CAPTURE") {
        options = options.capture_output();
    }
    options.file_with("files", open).daemonize()
}

/// In the parent only.
fn open() -> Outcome<Vec<File>> {
    let files = if set("FILES") { vec![open_text()?, open_lock()?] } else { Vec::new() };
    if set("STOP") {
        obey("parent", &numbers(&files))?;
    }
    Ok(files)
}

fn body(mut daemon: Daemon) -> Outcome {
    let mut files: Vec<File> = daemon.take_file("files")?;
    let ready = daemon.take_ready().ok_or("asked for above")?;
    let mut report = numbers(&files);
    if let [text, _lock] = &mut files[..] {
        report.push(("position", text.stream_position()?.to_string()));
    }
    let mut print = || {
        if set("PRINT") {
            // By the system call: std takes a stream that cannot be written to for one that nobody reads.
            let error = write(io::stdout(), b"printed\n").err();
            report.push(("printed", error.map_or(0, |error| error as i32).to_string()));
        }
    };
    if set("EARLY") {
        print();
        obey("body", &report)?;
        return Ok(ready.notify()?);
    }
    ready.notify()?;
    print();
    if set("LINK") {
        report.push(("link", godaemon::read_link(path("link"))?.display().to_string()));
    }
    if set("AGAIN") && fs::remove_file(path("again")).is_ok() {
        obey("first", &[])?;
        godaemon::daemonize().map_or(Ok(()), |_| Err("a daemon of a daemon"))?;
    }
    // A reader that is kept is dropped after the report.
    let _kept = captured(&mut daemon)?;
    Ok(obey("body", &report)?)
}

fn captured(daemon: &mut Daemon) -> Outcome<Option<[Reader; 2]>> {
    let (Some(stdout), Some(stderr)) = (daemon.take_stdout(), daemon.take_stderr()) else {
        return Ok(None);
    };
    match env::var("CAPTURE")?.as_str() {
        "bytes" => {
            let readers = [("captured-stdout", stdout), ("captured-stderr", stderr)]
                .map(|(name, reader)| thread::spawn(|| copy_into(name, reader)));
            print_all()?;
            godaemon::close_output()?;
            for reader in readers {
                reader.join().map_err(|_| "a reader panicked")??;
            }
        }
        "parts" => {
            let reader = thread::spawn(|| read_parts(stdout));
            io::stdout().write_all(b"begin")?;
            io::stdout().flush()?;
            obey("begun", &[])?;
            io::stdout().write_all(b"ning\n")?;
            godaemon::close_output()?;
            reader.join().map_err(|_| "the reader panicked")??;
        }
        "dropped" => {
            drop((stdout, stderr));
            obey("dropped", &[])?;
            io::stdout().write_all(b"nobody reads this\n")?;
            process::exit(0);
        }
        "forwarded" => {
            forward(stdout)?;
            io::stdout().write_all(b"last words\n")?;
        }
        _ => return Ok(Some([stdout, stderr])),
    }
    Ok(None)
}

fn set(name: &str) -> bool {
    env::var_os(name).is_some_and(|value| !value.is_empty())
}

/// A path in the folder of the case.
fn path(name: &str) -> PathBuf {
    PathBuf::from(env::var_os("GODAEMON_CASE").unwrap_or_default()).join(name)
}

fn append_to(name: &str, text: &str) -> io::Result<()> {
    File::options().append(true).create(true).open(path(name))?.write_all(text.as_bytes())
}

/// A file of which three bytes have been read.
fn open_text() -> io::Result<File> {
    let mut file = File::open(path("text"))?;
    file.read_exact(&mut [0; 3])?;
    Ok(file)
}

/// The lock, with something in the file: from when that can be read on, nobody else may get it.
fn open_lock() -> Outcome<File> {
    let mut file = File::options().append(true).create(true).open(path("lock"))?;
    file.try_lock()?;
    file.write_all(b"locked\n")?;
    Ok(file)
}

fn numbers(files: &[File]) -> Vec<(&'static str, String)> {
    files.iter().map(|file| ("file", file.as_raw_fd().to_string())).collect()
}

fn copy_into(name: &str, mut reader: Reader) -> io::Result<u64> {
    io::copy(&mut reader, &mut File::create(path(name))?)
}

/// By this process itself, and once more by a child.
fn print_all() -> Outcome {
    io::stdout().write_all(&fs::read(path("stdout"))?)?;
    io::stdout().flush()?;
    io::stderr().write_all(&fs::read(path("stderr"))?)?;
    let mut child = Command::new("/bin/sh");
    child.args(["-c", r#"cat "$0"/stdout; cat "$0"/stderr >&2"#]).arg(path(""));
    child.status()?.success().then_some(()).ok_or_else(|| "the child could not print".into())
}

/// Writes down how long each piece is.
fn read_parts(mut reader: Reader) -> io::Result<()> {
    let mut buffer = [0; 100];
    loop {
        match reader.read(&mut buffer)? {
            0 => return Ok(()),
            count => append_to("parts", &format!("{count}\n"))?,
        }
    }
}

fn forward(reader: Reader) -> io::Result<()> {
    reader.forward(|line| {
        obey("line", &[]).unwrap();
        append_to("lines", &format!("{}\n", String::from_utf8_lossy(line))).unwrap();
    })
}

fn obey(point: &str, more: &[(&str, String)]) -> Result<(), String> {
    support::obey_with(point, &more.iter().map(|(key, value)| (*key, value.as_str())).collect::<Vec<_>>())
}
