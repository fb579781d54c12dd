//! The process: session, terminal, directory, arguments, name, executable.

use std::{
    ffi::OsStr,
    fs,
    os::unix::ffi::OsStrExt,
    path::Path,
    process::{self, Command},
};

use support::{Process, Puppet, Terminal, wait_until};

use crate::Twin;

pub(crate) fn session(twin: &Twin<'_>) -> String {
    let daemon = twin.launch().daemon();
    let stat = daemon.process().stat();
    assert_eq!(stat.group, stat.session);
    if stat.session == daemon.process().0 {
        return "its own".to_owned();
    }
    Process(stat.session).wait_until_dead();
    "those of the first child, which is gone".to_owned()
}

pub(crate) fn parent(twin: &Twin<'_>) -> String {
    let daemon = twin.launch().daemon();
    let tester = process::id().cast_signed();
    wait_until("whoever adopts the daemon", || (daemon.process().stat().parent == tester).then_some(()));
    "`init`, or whoever else adopts orphans".to_owned()
}

pub(crate) fn terminal(twin: &Twin<'_>) -> String {
    let terminal = Terminal::new();
    let daemon = twin.launch().on(&terminal).daemon();
    assert_eq!(daemon.process().stat().terminal, 0);
    match daemon.number("terminal") {
        libc::ENXIO => "fails, for there is none (`ENXIO`)".to_owned(),
        other => other.to_string(),
    }
}

pub(crate) fn other_terminal(twin: &Twin<'_>) -> String {
    let terminal = Terminal::new();
    let mut daemon = twin.launch().daemon();
    daemon.do_and_report("open", terminal.path().to_str().unwrap());
    match daemon.process().stat().terminal {
        0 => "it does not become the daemon's".to_owned(),
        _ => "it becomes the daemon's".to_owned(),
    }
}

pub(crate) fn hang_up(twin: &Twin<'_>) -> String {
    let terminal = Terminal::new();
    let mut daemon = twin.launch().on(&terminal).daemon();
    drop(terminal);
    daemon.do_and_report("open", "/dev/null");
    "the daemon lives on".to_owned()
}

pub(crate) fn directory(twin: &Twin<'_>) -> String {
    format!("`{}`", twin.launch().daemon().process().directory().display())
}

pub(crate) fn deleted_directory(twin: &Twin<'_>) -> String {
    let gone = twin.case.folder().join("gone");
    fs::create_dir(&gone).unwrap();
    let gone = gone.to_str().unwrap();
    let daemon = twin.launch().first(["chdir", gone, "rmdir", gone]).daemon();
    format!("starts, in `{}`", daemon.process().directory().display())
}

pub(crate) fn umask(twin: &Twin<'_>) -> String {
    twin.launch().first(["umask", "077"]).daemon().process().status("Umask")
}

pub(crate) fn arguments(twin: &Twin<'_>) -> String {
    let given: [&[u8]; 6] = [b"any name", b"", b"\xff", b"two words", b"", b"--"];
    let daemon = twin.launch().argv(given.map(OsStr::from_bytes)).daemon();
    assert_eq!(daemon.process().arguments(), daemon.all("arg"));
    if daemon.all("arg") == given { "as they were" } else { "changed" }.to_owned()
}

fn named(twin: &Twin<'_>) -> Puppet {
    twin.launch().env("NAME=other").daemon()
}

pub(crate) fn program_name(twin: &Twin<'_>) -> String {
    match named(twin).all("arg")[..] {
        [b"other"] => "that name".to_owned(),
        _ => "another".to_owned(),
    }
}

fn is_called(daemon: &Puppet) -> String {
    match daemon.process().name().as_str() {
        "twin" => "the executable's".to_owned(),
        "other" => "that name".to_owned(),
        other => other.to_owned(),
    }
}

pub(crate) fn name(twin: &Twin<'_>) -> String {
    is_called(&twin.launch().daemon())
}

pub(crate) fn other_name(twin: &Twin<'_>) -> String {
    is_called(&named(twin))
}

/// Does something to the executable before the parent starts a copy of it.
fn start_without(twin: &Twin<'_>, change: impl FnOnce(&Path)) -> String {
    let launch = twin.launch().env("STOP=parent");
    let path = launch.path().to_owned();
    let parent = launch.spawn();
    let before = twin.case.puppet();
    change(&path);
    before.go();
    if !parent.wait().status.success() {
        return "the start fails with an error".to_owned();
    }
    let daemon = twin.case.puppet();
    if daemon.process().runs(twin.program) {
        "the daemon runs the old one"
    } else {
        "the daemon runs the new one"
    }
    .to_owned()
}

pub(crate) fn deleted_program(twin: &Twin<'_>) -> String {
    start_without(twin, |path| fs::remove_file(path).unwrap())
}

pub(crate) fn replaced_program(twin: &Twin<'_>) -> String {
    start_without(twin, |path| {
        let new = path.with_extension("new");
        // By another process: written by this one it would be busy as long as any child of another test has not begun
        // its own program.
        assert!(Command::new("cp").arg(twin.program).arg(&new).status().unwrap().success());
        fs::rename(new, path).unwrap();
    })
}
