//! Every way to link, and what a daemon linked in it keeps of what is promised.

use std::{
    ffi::OsStr,
    fs::{self, File},
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use nix::errno::Errno;
use support::{
    Case, Contender, Process, Puppet, Running,
    forgery::{STRANGER, stage},
    is_locked, skip,
};

use crate::build::{Kind, Linker, assert_linked_by, program, readelf};

/// A module for each way, with a test for each promise: of both daemons, one after the other.
macro_rules! ways {
    ($($way:ident: $kind:ident, $linker:ident;)*) => {
        $(mod $way {
            use super::*;

            #[test]
            fn file_is_of_the_kind_and_from_the_linker_that_was_asked_for() {
                for program in daemons(Kind::$kind, Linker::$linker) {
                    assert_linked_by(Linker::$linker, &program);
                    assert_kind(Kind::$kind, &program);
                }
            }

            ways! { @promises $kind, $linker:
                daemon_leads_no_session_and_the_first_child_is_gone,
                no_constructor_runs_in_the_first_child,
                environment_is_that_of_the_parent,
                made_up_stage_is_none,
                lock_is_handed_on,
                last_words_reach_the_reader,
                panic_reaches_the_terminal,
            }
        })*
    };
    (@promises $kind:ident, $linker:ident: $($promise:ident,)*) => {
        $(#[test]
        fn $promise() {
            daemons(Kind::$kind, Linker::$linker).for_each(|program| super::$promise(&program));
        })*
    };
}

ways! {
    dynamic_by_bfd: Dynamic, Bfd;
    dynamic_by_lld: Dynamic, Lld;
    static_pie_by_bfd: StaticPie, Bfd;
    static_pie_by_lld: StaticPie, Lld;
    static_by_bfd: Static, Bfd;
    static_by_lld: Static, Lld;
}

/// The daemon with the attribute, and the one without. Says so if they cannot be linked in this way.
pub(crate) fn daemons(kind: Kind, linker: Linker) -> impl Iterator<Item = PathBuf> {
    let built = ["attributed", "by_library"].map(|name| program(name, kind, linker));
    built.into_iter().filter_map(|built| built.inspect_err(|why| skip(why)).ok())
}

/// As the kernel and the loader will take it.
#[track_caller]
fn assert_kind(kind: Kind, file: &Path) {
    let shown = readelf(&["--file-header", "--program-headers", "--dynamic"], file);
    let has_line = |words: &[&str]| shown.lines().any(|line| words.iter().all(|word| line.contains(word)));
    let at_any_address = has_line(&["Type:", "DYN"]);
    let asks_for_a_loader = has_line(&["INTERP"]);
    let needs_libc = has_line(&["(NEEDED)", "libc.so"]);
    let expected = match kind {
        Kind::Dynamic => [true, true, true],
        Kind::StaticPie => [true, false, false],
        Kind::Static => [false, false, false],
    };
    assert_eq!([at_any_address, asks_for_a_loader, needs_libc], expected, "{shown}");
}

/// Sees a start through, to where the daemon is up.
#[track_caller]
pub(crate) fn up(case: &Case, parent: Running) -> Puppet {
    case.puppet().go();
    parent.wait().assert_success();
    case.puppet()
}

fn daemon_leads_no_session_and_the_first_child_is_gone(program: &Path) {
    let case = Case::new();
    let daemon = up(&case, case.program(program).first(["session"]).spawn());
    assert_eq!(daemon.text("stage"), "daemon");
    let stat = daemon.process().stat();
    assert_ne!(stat.session, daemon.process().0);
    assert_eq!(daemon.number("terminal"), Errno::ENXIO as i32);
    assert!(Process(stat.session).try_stat().is_none());
    assert_eq!(case.processes(), [daemon.process()]);
}

fn no_constructor_runs_in_the_first_child(program: &Path) {
    let case = Case::new();
    let parent = case.program(program).spawn();
    let number = parent.process().0;
    let daemon = up(&case, parent).process().0;
    let constructed = fs::read_to_string(case.folder().join("constructed")).unwrap();
    assert_eq!(constructed, format!("{number}\n{daemon}\n"));
}

fn environment_is_that_of_the_parent(program: &Path) {
    assert_environment(program, &[b"A=1", b"TWICE=1", b"\xff=\xfe", b"no equals sign", b"TWICE=2"]);
}

fn made_up_stage_is_none(program: &Path) {
    for number in [1, 2] {
        let stage = stage(number, STRANGER, 50);
        assert_environment(program, &[b"A=1", stage.as_bytes(), b"Z="]);
    }
}

/// Starts a daemon with exactly this environment, which is to be the daemon's.
#[track_caller]
fn assert_environment(program: &Path, entries: &[&[u8]]) {
    let case = Case::new();
    let launch = case.program(program).only_env(entries.iter().map(|entry| OsStr::from_bytes(entry)));
    let daemon = up(&case, launch.spawn());
    assert_eq!(daemon.text("stage"), "daemon");
    assert_eq!(daemon.all("env"), entries, "as the program sees it");
    assert_eq!(daemon.process().environment(), entries, "as others see it");
}

fn lock_is_handed_on(program: &Path) {
    let case = Case::new();
    let path = case.folder().join("lock");
    let contender = Contender::of(&path);
    let daemon = up(&case, case.program(program).spawn());
    assert!(!contender.succeeded());
    let file = File::open(path).unwrap();
    assert!(is_locked(&file));
    daemon.go();
    case.wait_until_empty();
    assert!(!is_locked(&file));
}

fn last_words_reach_the_reader(program: &Path) {
    let case = Case::new();
    let mut daemon = up(&case, case.program(program).spawn());
    daemon.do_and_report("print", "a line");
    daemon.go();
    case.wait_until_empty();
    assert_eq!(fs::read_to_string(case.folder().join("log")).unwrap(), "a line\nlast words\n");
}

fn panic_reaches_the_terminal(program: &Path) {
    let case = Case::new();
    let parent = case.program(program).spawn();
    case.puppet().order("panic", "the sky fell");
    let outcome = parent.wait();
    assert_eq!(outcome.status.code(), Some(70), "{outcome:?}");
    let text = str::from_utf8(&outcome.stderr).unwrap();
    assert!(text.contains("daemon: panicked at ") && text.ends_with(": the sky fell\n"), "{text}");
    case.wait_until_empty();
}
