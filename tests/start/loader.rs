//! What the loader does with a copy of the program.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use nix::{sys::stat::Mode, unistd::mkfifo};
use support::{Case, Puppet, Running, program, wait_until};

use crate::{AN_HOUR, beside_each_other};

/// A puppet whose parent has been loaded, and waits to start the first child. One of its libraries is in a folder of
/// its own; and before a copy looks there, it comes by a gate.
struct Loading {
    parent: Running,
    at_files: Option<Puppet>,
    program: PathBuf,
    library: PathBuf,
    gate: PathBuf,
}

impl Loading {
    fn start(case: &Case, limit: &str) -> Option<Self> {
        // This process needs it, and so does every program of these tests.
        let maps = fs::read_to_string("/proc/self/maps").unwrap();
        let Some(system) = maps.split_whitespace().find(|path| path.contains("/libgcc_s")) else {
            support::skip("this test is linked without libgcc_s");
            return None;
        };
        let [gates, libraries] = ["gates", "libraries"].map(|name| case.folder().join(name));
        [&gates, &libraries].into_iter().for_each(|folder| fs::create_dir(folder).unwrap());
        let name = Path::new(system).file_name().unwrap();
        let [gate, library] = [gates.join(name), libraries.join(name)];
        fs::copy(system, &library).unwrap();
        let puppet = case.program(program!("puppet"));
        let program = puppet.path().to_owned();
        let path = format!("LD_LIBRARY_PATH={}:{}", gates.display(), libraries.display());
        let parent = puppet.env(path).env("STOPS=files").env(format!("LIMIT={limit}")).spawn();
        Some(Self { parent, at_files: Some(case.puppet()), program, library, gate })
    }

    /// Lets the parent start the first child.
    fn go(&mut self) {
        self.at_files.take().unwrap().go();
    }

    /// Makes every copy stop until the gate is opened for it.
    fn close_gate(&self) {
        mkfifo(&self.gate, Mode::S_IRWXU).unwrap();
    }

    /// Lets a copy through when it has come.
    fn open_gate(&self) {
        let gate = wait_until("a copy to come to the gate", || {
            OpenOptions::new().write(true).custom_flags(libc::O_NONBLOCK).open(&self.gate).ok()
        });
        // The next copy is to stop as well, whatever becomes of this one.
        fs::remove_file(&self.gate).unwrap();
        self.close_gate();
        // The beginning of a library for 32 bits, with which the loader goes on to the next folder.
        let mut beginning = [0; 128];
        beginning[..7].copy_from_slice(b"\x7fELF\x01\x01\x01");
        (&gate).write_all(&beginning).unwrap();
    }

    /// Replaces the library by an empty file.
    fn break_library(&self) {
        // The parent has the other one in its memory.
        fs::remove_file(&self.library).unwrap();
        fs::write(&self.library, "").unwrap();
    }

    /// The loader's own words and one line of the parent.
    #[track_caller]
    fn assert_fails(self, line: &str, status: i32) {
        let [program, library] = [&self.program, &self.library].map(|path| path.display());
        let words = format!("{program}: error while loading shared libraries: {library}: file too short");
        let outcome = self.parent.wait();
        assert_eq!(String::from_utf8_lossy(&outcome.stderr), format!("{words}\n{line}\n"));
        assert_eq!(outcome.status.code(), Some(status));
    }
}

#[test]
fn library_that_the_first_child_cannot_load_reaches_the_terminal() {
    let case = Case::new();
    let Some(mut loading) = Loading::start(&case, AN_HOUR) else { return };
    loading.break_library();
    loading.go();
    loading.assert_fails("puppet: first child: ended with status 127", 71);
    case.wait_until_empty();
}

#[test]
fn library_that_the_daemon_cannot_load_reaches_the_terminal() {
    let case = Case::new();
    let Some(mut loading) = Loading::start(&case, AN_HOUR) else { return };
    loading.close_gate();
    loading.go();
    loading.open_gate();
    wait_until("the daemon", || (case.processes().len() == 3).then_some(()));
    loading.break_library();
    loading.open_gate();
    loading.assert_fails("puppet: daemon: ended with status 127 before it was ready", 127);
    case.wait_until_empty();
}

#[test]
fn copy_that_the_loader_keeps_is_ended_when_its_time_is_over() {
    beside_each_other(0..2, |loaded| {
        let case = Case::new();
        let Some(mut loading) = Loading::start(&case, "2000") else { return };
        loading.close_gate();
        loading.go();
        (0..loaded).for_each(|_| loading.open_gate());
        let outcome = loading.parent.wait();
        assert_eq!(outcome.failure(), "puppet: daemon: not ready within 2 s, ended");
        assert_eq!(outcome.status.code(), Some(75));
        case.wait_until_empty();
    });
}
