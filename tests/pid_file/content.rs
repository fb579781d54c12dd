//! What a pid file looks like while the daemon is up.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io::Read,
    os::unix::{
        ffi::OsStrExt,
        fs::{MetadataExt, PermissionsExt},
    },
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use nix::sys::signal::Signal;
use support::{Case, program, wait_for_end};

use crate::{
    assert_already_running, assert_holds, is_locked, keeper, kill, number_in, obeying, pid_path, set_mode,
    start, started, stopped_at, write,
};

#[test]
fn holds_the_number_of_the_daemon_when_the_parent_has_exited() {
    let case = Case::new();
    let path = pid_path(&case);
    for _ in 0..20 {
        let parent = keeper(&case, &path).spawn();
        let number = parent.process().0;
        let outcome = parent.wait();
        let text = fs::read(&path).unwrap();
        let daemon = started(&outcome);
        assert_ne!(daemon.0, number);
        assert_eq!(text, format!("{}\n", daemon.0).as_bytes());
        assert_holds(&path, daemon);
        kill(daemon);
    }
}

#[test]
fn mode_is_0644_whatever_the_umask() {
    for umask in ["0", "077", "777"] {
        let case = Case::new();
        let path = pid_path(&case);
        started(&keeper(&case, &path).first(["umask", umask]).run());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o644, "umask {umask}");
    }
}

#[test]
fn file_that_was_there_keeps_its_mode_and_its_inode() {
    let case = Case::new();
    let path = pid_path(&case);
    write(&path, "");
    set_mode(&path, 0o600);
    let before = fs::metadata(&path).unwrap();
    let daemon = start(&case, &path);
    let after = fs::metadata(&path).unwrap();
    assert_eq!((after.mode(), after.ino()), (before.mode(), before.ino()));
    assert_holds(&path, daemon);
}

#[test]
fn relative_path_is_the_users_although_the_daemon_is_elsewhere() {
    let case = Case::new();
    fs::create_dir(case.folder().join("here")).unwrap();
    let daemon = keeper(&case, Path::new("../pid")).first(["chdir", "here"]).env("STOPS=up").daemon();
    let (path, process) = (pid_path(&case), daemon.process());
    assert_eq!(process.directory(), Path::new("/"));
    assert_holds(&path, process);
    // A second start speaks of the path as its user does.
    assert_already_running(&keeper(&case, Path::new("pid")).run(), Path::new("pid"), process);
    daemon.go();
    wait_for_end(process.0);
    assert!(!path.exists(), "it was looked for in another directory");
}

#[test]
fn path_need_not_be_text() {
    let case = Case::new();
    let path = case.folder().join(OsStr::from_bytes(b"\xff pid"));
    let daemon = obeying(&case, &path);
    let process = daemon.process();
    assert_holds(&path, process);
    daemon.go();
    wait_for_end(process.0);
    assert!(!path.exists());
}

#[test]
fn path_may_lead_over_a_link() {
    // As `/var/run` does.
    let case = Case::new();
    let [run, link] = ["run", "link"].map(|name| case.folder().join(name));
    fs::create_dir(&run).unwrap();
    std::os::unix::fs::symlink("run", &link).unwrap();
    let daemon = obeying(&case, &link.join("pid"));
    let process = daemon.process();
    assert_holds(&run.join("pid"), process);
    daemon.go();
    wait_for_end(process.0);
    assert!(!run.join("pid").exists());
}

#[test]
fn is_open_once_and_close_on_exec() {
    let case = Case::new();
    let path = pid_path(&case);
    let daemon = obeying(&case, &path);
    let mut open = daemon.process().descriptors();
    open.retain(|_, descriptor| descriptor.target == path);
    assert_eq!(open.len(), 1, "{open:?}");
    assert!(open.iter().all(|(&number, descriptor)| number > 2 && descriptor.is_close_on_exec()), "{open:?}");
}

#[test]
fn child_that_outlives_the_daemon_keeps_no_lock() {
    let case = Case::new();
    let path = pid_path(&case);
    let mut daemon = obeying(&case, &path);
    daemon.do_and_report("helper", "sleep");
    let helper = case.process_named("sleep");
    assert!(is_locked(&path));
    assert_eq!(helper.descriptors().keys().copied().collect::<Vec<_>>(), [0, 1, 2]);
    kill(daemon.process());
    assert!(helper.is_alive() && !is_locked(&path));
    assert_holds(&path, start(&case, &path));
}

#[test]
fn helper_from_before_the_daemon_was_up_keeps_no_lock() {
    for point in ["files", "body"] {
        let case = Case::new();
        let path = pid_path(&case);
        let (parent, mut puppet) = stopped_at(&case, &path, &format!("{point},up"));
        puppet.do_and_report("helper", "sleep");
        let helper = case.process_named("sleep");
        assert!(!helper.descriptors().values().any(|descriptor| descriptor.target == path), "{point}");
        puppet.go();
        let daemon = case.puppet();
        // Until then the start has the lock as well.
        parent.process().wait_until_dead();
        kill(daemon.process());
        assert!(helper.is_alive() && !is_locked(&path), "{point}");
    }
}

/// All of it, by one look.
fn text_in(path: &Path) -> String {
    let mut bytes = [0; 64];
    let count = File::open(path).unwrap().read(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes[..count]).trim_end_matches('\n').to_owned()
}

/// Ends those who look until something is over, also if the test fails before: the scope waits for them.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn content_is_never_a_mixture_of_two_numbers() {
    let case = Case::new();
    let path = pid_path(&case);
    for _ in 0..100 {
        // Longer than any that follows.
        write(&path, "2147483647\n");
        let over = AtomicBool::new(false);
        let (seen, numbers) = thread::scope(|scope| {
            let looking = scope.spawn(|| {
                let mut seen = Vec::new();
                while !over.load(Ordering::Relaxed) {
                    let text = text_in(&path);
                    if seen.last() != Some(&text) {
                        seen.push(text);
                    }
                }
                seen
            });
            let ends_looking = Over(&over);
            let parent = keeper(&case, &path).spawn();
            let mut numbers = vec!["2147483647".to_owned(), parent.process().0.to_string()];
            let daemon = started(&parent.wait());
            numbers.push(daemon.0.to_string());
            assert_eq!(number_in(&path), daemon.0);
            drop(ends_looking);
            kill(daemon);
            (looking.join().unwrap(), numbers)
        });
        assert!(seen.iter().all(|text| numbers.contains(text)), "{seen:?}, not of {numbers:?}");
    }
}

#[test]
fn program_without_a_pid_file_makes_none() {
    let case = Case::new();
    let _daemon = case.program(program!("witness")).daemon();
    let names: Vec<_> =
        fs::read_dir(case.folder()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["witness"]);
}

// The foreground

#[test]
fn foreground_has_a_pid_file_too() {
    let case = Case::new();
    let path = pid_path(&case);
    let program = keeper(&case, &path).env("FOREGROUND=").env("STOPS=up").spawn();
    let body = case.puppet();
    assert_eq!(body.process(), program.process());
    assert_holds(&path, body.process());
    for entry in ["FOREGROUND=", "BACKGROUND="] {
        assert_already_running(&keeper(&case, &path).env(entry).run(), &path, body.process());
    }
    assert_holds(&path, body.process());
    body.go();
    program.wait().assert_success();
    assert!(!path.exists());
}

#[test]
fn foreground_is_locked_out_by_a_daemon() {
    let case = Case::new();
    let path = pid_path(&case);
    let daemon = start(&case, &path);
    assert_already_running(&keeper(&case, &path).env("FOREGROUND=").run(), &path, daemon);
    assert_holds(&path, daemon);
}

#[test]
fn child_of_the_foreground_keeps_no_lock() {
    let case = Case::new();
    let path = pid_path(&case);
    let program = keeper(&case, &path).env("FOREGROUND=").env("STOPS=up").spawn();
    let mut body = case.puppet();
    body.do_and_report("helper", "sleep");
    let helper = case.process_named("sleep");
    body.process().signal(Signal::SIGKILL);
    body.process().wait_until_dead();
    assert!(helper.is_alive() && !is_locked(&path));
    drop(program);
}
