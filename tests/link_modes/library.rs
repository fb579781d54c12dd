//! A shared library with godaemon in it: in a program that is no stage of a start nothing happens when it is loaded, and
//! in one that is, the program's own copy does everything.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{self, Command},
};

use nix::{
    sys::{
        signal::Signal,
        wait::{Id, WaitPidFlag, WaitStatus, waitid},
    },
    unistd::Pid,
};
use support::{
    Case, Launch, Process, Running, Stat,
    forgery::{STRANGER, stage},
    skip, wait_until,
};

use crate::{
    build::{Kind, Linker, assert_linked_by, library, output, program},
    start::{daemons, up},
};

const LINKERS: [Linker; 2] = [Linker::Bfd, Linker::Lld];

/// Where a made-up stage has its channel.
const CHANNEL: i32 = 50;

/// The library from each linker that is there. Says which are not.
fn libraries() -> impl Iterator<Item = PathBuf> {
    LINKERS.into_iter().filter_map(|linker| library(linker).inspect_err(|why| skip(why)).ok())
}

/// All that a library could change in the process that loads it.
#[derive(Debug, PartialEq)]
struct Seen {
    name: String,
    arguments: Vec<Vec<u8>>,
    environment: Vec<Vec<u8>>,
    descriptors: BTreeMap<i32, (String, i32)>,
    signals: [BTreeSet<i32>; 4],
    stat: Stat,
    status: [String; 4],
    directory: PathBuf,
    /// There is no other process.
    is_alone: bool,
}

impl Seen {
    fn of(process: Process, case: &Case) -> Seen {
        // Each run has pipes of its own.
        let descriptors = process.descriptors().into_iter().map(|(number, descriptor)| {
            let target = descriptor.target.to_str().unwrap();
            (number, (target.split('[').next().unwrap().to_owned(), descriptor.flags))
        });
        Seen {
            name: process.name(),
            arguments: process.arguments().split_off(1),
            environment: process.environment(),
            descriptors: descriptors.collect(),
            signals: ["SigBlk", "SigIgn", "SigCgt", "SigPnd"].map(|key| process.signals(key)),
            stat: process.stat(),
            status: ["Uid", "Gid", "Umask", "CapEff"].map(|key| process.status(key)),
            directory: process.directory(),
            is_alone: case.processes() == [process],
        }
    }
}

/// A program that stops itself wherever it is to be looked at.
struct Host<'case> {
    case: &'case Case,
    running: Running,
}

impl<'case> Host<'case> {
    fn start(case: &'case Case, launch: Launch<'case>) -> Self {
        Host { case, running: launch.spawn() }
    }

    /// What can be seen at its next stop; it goes on from there.
    #[track_caller]
    fn stop(&self) -> Seen {
        let process = self.running.process();
        let (pid, flags) = (Pid::from_raw(process.0), WaitPidFlag::WSTOPPED | WaitPidFlag::WNOHANG);
        wait_until("the program to stop itself", || {
            assert!(process.is_alive(), "it has ended");
            matches!(waitid(Id::Pid(pid), flags), Ok(WaitStatus::Stopped(..))).then_some(())
        });
        let seen = Seen::of(process, self.case);
        process.signal(Signal::SIGCONT);
        seen
    }

    /// At so many more stops it is as at its first, and then it comes to its own end.
    #[track_caller]
    fn assert_untouched(self, more: usize) {
        let first = self.stop();
        assert!(first.is_alone);
        self.assert_still(&first, more);
    }

    /// At so many stops this is what can be seen, and then it comes to its own end, without a word.
    #[track_caller]
    fn assert_still(self, expected: &Seen, stops: usize) {
        for _ in 0..stops {
            assert_eq!(self.stop(), *expected);
        }
        let outcome = self.running.wait();
        assert!(outcome.stdout.is_empty() && outcome.stderr.is_empty(), "{outcome:?}");
        assert_eq!(outcome.status.code(), Some(42), "{outcome:?}");
        self.case.wait_until_empty();
    }
}

/// Compiles the host in C, in the case's folder.
fn compiled(case: &Case, options: &[&str]) -> PathBuf {
    let path = case.folder().join("host");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("link_modes/host.c");
    // Not with what the tests' own environment says of compilers; rustc links with this one.
    output(Command::new("cc").arg("-o").arg(&path).arg(source).args(options).args(["-ldl", "-lpthread"]));
    path
}

/// What a program finds when it starts.
#[derive(Clone, Copy, Debug)]
enum Found {
    /// Nothing of ours.
    Nothing,
    /// A stage of this number, which somebody has made up, and nothing at its descriptors.
    Stage(u8),
    /// The same by the name of whoever starts the program, as in a start that has gone wrong.
    StageOfTheCaller(u8),
    /// As in a start that is right in everything: with a channel in which the right number waits.
    StageAndChannel(u8),
}

impl Found {
    fn by(self, launch: Launch<'_>) -> Launch<'_> {
        match self {
            Found::Nothing => launch,
            Found::Stage(number) => launch.env(stage(number, STRANGER, CHANNEL)),
            Found::StageOfTheCaller(number) => {
                launch.env(stage(number, process::id().cast_signed(), CHANNEL))
            }
            Found::StageAndChannel(number) => {
                Found::Stage(number).by(launch).first(["channel", &CHANNEL.to_string()])
            }
        }
    }
}

const FOUND: [Found; 7] = [
    Found::Nothing,
    Found::Stage(1),
    Found::Stage(2),
    Found::StageOfTheCaller(1),
    Found::StageOfTheCaller(2),
    Found::StageAndChannel(1),
    Found::StageAndChannel(2),
];

#[test]
fn library_links_with_each_linker() {
    for linker in LINKERS {
        match library(linker) {
            Ok(library) => assert_linked_by(linker, &library),
            Err(why) => skip(&why),
        }
    }
}

#[test]
fn nothing_happens_in_a_program_that_loads_it() {
    for library in libraries() {
        for found in FOUND {
            let case = Case::new();
            let launch = case.command(compiled(&case, &[])).arg(&library);
            Host::start(&case, found.by(launch)).assert_untouched(3);
        }
    }
}

#[test]
fn nothing_happens_in_python() {
    let Ok(python) = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output()
    else {
        return skip("there is no python3");
    };
    let python = String::from_utf8(python.stdout).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("link_modes/host.py");
    for library in libraries() {
        for found in FOUND {
            let case = Case::new();
            let launch = case.command(python.trim_end()).arg(&script).arg(&library);
            Host::start(&case, found.by(launch)).assert_untouched(2);
        }
    }
}

#[test]
fn nothing_happens_in_a_program_that_is_linked_against_it() {
    for library in libraries() {
        for found in FOUND {
            let case = Case::new();
            // It was loaded before the first stop; so that is compared with a program without it.
            let other = Host::start(&case, found.by(case.command(compiled(&case, &[])))).stop();
            let launch = case.command(compiled(&case, &["-DLINKED", library.to_str().unwrap()]));
            Host::start(&case, found.by(launch)).assert_still(&other, 2);
        }
    }
}

#[test]
fn nothing_happens_in_a_program_with_privileges() {
    if !support::is_root() {
        return skip("only root can give privileges to a file");
    }
    for library in libraries() {
        for found in FOUND {
            let case = Case::new();
            if !case.is_open_to_all() {
                return skip("another user cannot come to the programs");
            }
            let path = compiled(&case, &[]);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o4755)).unwrap();
            let launch = found.by(case.command(path).arg(&library)).unprivileged();
            Host::start(&case, launch).assert_untouched(3);
        }
    }
}

/// The constructors of the library come before those of the program.
#[test]
fn daemon_that_is_linked_against_it_starts() {
    for daemon in daemons(Kind::Dynamic, Linker::Bfd) {
        for library in libraries() {
            let case = Case::new();
            let preload = format!("LD_PRELOAD={}", library.display());
            let parent = case.program(&daemon).env(preload).spawn();
            let number = parent.process().0;
            let daemon = up(&case, parent);
            assert_eq!(daemon.text("stage"), "daemon");
            let constructed = fs::read_to_string(case.folder().join("constructed")).unwrap();
            assert_eq!(constructed, format!("{number}\n{}\n", daemon.process().0));
            assert_eq!(case.processes(), [daemon.process()]);
        }
    }
}

#[test]
fn daemon_that_loads_it_starts() {
    let Ok(daemon) = program("loader", Kind::Dynamic, Linker::Bfd).inspect_err(|why| skip(why)) else {
        return;
    };
    for library in libraries() {
        let case = Case::new();
        let daemon = case.program(&daemon).arg(&library).daemon();
        assert_eq!(daemon.text("stage"), "daemon");
        // Each copy knows what it did itself.
        assert_eq!(daemon.text("in_library"), "0");
        assert_eq!(case.processes(), [daemon.process()]);
    }
}
