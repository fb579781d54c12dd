//! A daemon whose expressions note when they are evaluated, and by whom. They are written in an order that is not that
//! of their evaluation.

use std::{env, error::Error, fs::File, fs::OpenOptions, io, io::Write, path::PathBuf};

use godaemon::Ready;

#[godaemon::main(
    on_ready = {
        note("on_ready")?;
        |_| drop(note("up"))
    },
    files = [first = note("first")?, second = note("second")?],
    start_timeout = {
        note("start_timeout")?;
        None
    },
    umask = {
        note("umask")?;
        0o027
    },
    stderr = {
        note("stderr")?;
        None::<PathBuf>
    },
    group = {
        note("group")?;
        None::<u32>
    },
    pid_file = {
        note("pid_file")?;
        "pid"
    },
    values = [one = note("one")?, two = note("two")?],
    user = {
        note("user")?;
        None::<String>
    },
    stdout = {
        note("stdout")?;
        "log"
    },
    foreground = {
        note("foreground")?;
        false
    },
    working_dir = {
        note("working_dir")?;
        env::current_dir()?
    },
    program_name = {
        note("program_name")?;
        "order"
    },
)]
fn main(first: File, second: File, one: File, two: File, ready: Ready) -> Result<(), Box<dyn Error>> {
    let _body = note("body")?;
    ready.notify()?;
    drop((first, second, one, two));
    Ok(support::obey("body")?)
}

/// Adds a line to the file `notes`, which comes back.
fn note(what: &str) -> io::Result<File> {
    let path = godaemon::launch_dir().map_or_else(PathBuf::new, PathBuf::from).join("notes");
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    // In one piece: both processes may write at the same time.
    file.write_all(format!("{}: {what}\n", godaemon::stage()).as_bytes())?;
    Ok(file)
}
