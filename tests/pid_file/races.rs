//! Several at once: there is always one that wins, and never a second.

use std::{
    ffi::c_long,
    fs::{self, File, OpenOptions},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use godaemon::PidFile;
use support::{Case, Outcome, Process, program, wait_for_end};

use crate::{
    Lock, Stranger, assert_already_running, assert_free, assert_holds, assert_locked_out, is_locked, keeper,
    kill, number_in, obeying, pid_path, start, started,
    traced::{Side, Traced},
    write,
};

// At one moment, for as long as it takes

/// How the path comes to name another file, or none.
type Replacement = fn(&Path);

const REPLACEMENTS: [Replacement; 3] = [
    |path| fs::remove_file(path).unwrap(),
    |path| {
        fs::remove_file(path).unwrap();
        write(path, "");
    },
    // Another number, that of nobody.
    |path| {
        let new = path.with_extension("new");
        write(&new, "2147483647\n");
        fs::rename(new, path).unwrap();
    },
];

#[test]
fn start_whose_file_is_replaced_before_or_after_its_lock_has_the_one_at_the_path() {
    for side in [Side::Before, Side::After] {
        for replace in REPLACEMENTS {
            let case = Case::new();
            let path = pid_path(&case);
            write(&path, "");
            let old = File::open(&path).unwrap();
            let Some((parent, mut traced)) = Traced::start(keeper(&case, &path)) else { return };
            traced.go_to(side, &[libc::SYS_flock]);
            assert_eq!(support::is_locked(&old), side == Side::After);
            replace(&path);
            traced.let_go();
            let daemon = started(&parent.wait());
            assert_holds(&path, daemon);
            assert!(!support::is_locked(&old), "it has kept a file that nobody can find");
        }
    }
}

#[test]
fn start_whose_file_is_replaced_by_that_of_another_instance_is_refused() {
    // Three instances: that whose file it was, and which is gone; this one; and the one that came in between.
    for side in [Side::Before, Side::After] {
        let case = Case::new();
        let path = pid_path(&case);
        let first = obeying(&case, &path);
        let Some((parent, mut traced)) = Traced::start(keeper(&case, &path)) else { return };
        if side == Side::Before {
            traced.go_to(side, &[libc::SYS_flock]);
            let process = first.process();
            first.go();
            wait_for_end(process.0);
            assert!(!path.exists());
        } else {
            // The first one ends so that its file stays, and this one gets the lock of it.
            kill(first.process());
            traced.go_to(side, &[libc::SYS_flock]);
            assert!(is_locked(&path));
            fs::remove_file(&path).unwrap();
        }
        let third = start(&case, &path);
        traced.let_go();
        assert_already_running(&parent.wait(), &path, third);
        assert_holds(&path, third);
        assert_eq!(case.processes(), [third]);
    }
}

#[test]
fn start_between_its_lock_and_its_number_is_the_only_one() {
    let case = Case::new();
    let path = pid_path(&case);
    let stranger = Stranger::new(&case);
    // First without a number to be seen, then with one that means nothing.
    for old in [None, Some(stranger.process.0)] {
        if let Some(old) = old {
            write(&path, format!("{old}\n"));
        }
        let Some((parent, mut traced)) = Traced::start(keeper(&case, &path)) else { return };
        traced.go_to(Side::After, &[libc::SYS_flock]);
        assert_locked_out(&keeper(&case, &path).run(), &path);
        traced.let_go();
        let daemon = started(&parent.wait());
        assert_holds(&path, daemon);
        kill(daemon);
    }
    stranger.assert_unharmed();
}

#[test]
fn start_waits_for_the_number_of_one_that_has_just_got_the_lock() {
    let case = Case::new();
    let path = pid_path(&case);
    let Some((first, mut winner)) = Traced::start(keeper(&case, &path)) else { return };
    winner.go_to(Side::After, &[libc::SYS_flock]);
    let Some((second, mut loser)) = Traced::start(keeper(&case, &path)) else { return };
    // It has been refused, and nobody is named yet.
    loser.go_to(Side::After, &[libc::SYS_flock]);
    winner.let_go();
    let daemon = started(&first.wait());
    loser.let_go();
    assert_already_running(&second.wait(), &path, daemon);
}

/// The system calls by which a file goes away.
const UNLINK: &[c_long] = &[
    #[cfg(target_arch = "x86_64")]
    libc::SYS_unlink,
    libc::SYS_unlinkat,
];

#[test]
fn daemon_that_is_about_to_remove_its_file_keeps_others_away() {
    let case = Case::new();
    let path = pid_path(&case);
    let daemon = obeying(&case, &path);
    let process = daemon.process();
    let Some(mut traced) = Traced::attach(process) else { return };
    daemon.go();
    traced.go_to(Side::Before, UNLINK);
    // Had this one got it, the first would now remove the file of the second.
    assert_locked_out(&keeper(&case, &path).run(), &path);
    traced.let_go();
    wait_for_end(process.0);
    assert!(!path.exists());
    assert_holds(&path, start(&case, &path));
}

#[test]
fn daemon_that_has_removed_its_file_leaves_the_next_one_alone() {
    let case = Case::new();
    let path = pid_path(&case);
    let daemon = obeying(&case, &path);
    let process = daemon.process();
    let Some(mut traced) = Traced::attach(process) else { return };
    daemon.go();
    traced.go_to(Side::After, UNLINK);
    let next = start(&case, &path);
    assert!(process.is_alive());
    traced.let_go();
    wait_for_end(process.0);
    assert_holds(&path, next);
}

#[test]
fn daemon_at_its_end_is_not_running_or_still_is() {
    let case = Case::new();
    let path = pid_path(&case);
    let daemon = obeying(&case, &path);
    let process = daemon.process();
    let Some(mut traced) = Traced::attach(process) else { return };
    daemon.go();
    let pid_file = PidFile::new(&path);
    assert_eq!(pid_file.running().unwrap(), Some(process.0.cast_unsigned()));
    traced.go_to(Side::Before, UNLINK);
    assert_eq!(pid_file.running().unwrap(), None);
    traced.go_to(Side::After, UNLINK);
    assert_eq!(pid_file.running().unwrap(), None);
    traced.let_go();
    wait_for_end(process.0);
}

#[test]
fn shorter_number_is_whole_before_the_file_is_cut() {
    let case = Case::new();
    let path = pid_path(&case);
    write(&path, "2147483647\n");
    let Some((parent, mut traced)) = Traced::start(keeper(&case, &path)) else { return };
    traced.go_to(Side::Before, &[libc::SYS_ftruncate]);
    // Some readers take the first line, some the whole file.
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text.len(), 11, "it is cut already");
    assert_eq!(text.trim_end_matches('\n'), parent.process().0.to_string());
    traced.let_go();
    assert_holds(&path, started(&parent.wait()));
}

#[test]
fn slow_query_of_a_file_that_goes_away_meanwhile_has_an_answer() {
    let case = Case::new();
    let path = pid_path(&case);
    let query = case.program(program!("pid_client")).arg("running").arg(&path);
    write(&path, "");
    let Some((running, mut traced)) = Traced::start(query) else { return };
    traced.go_to_open(&path);
    traced.go_to(Side::After, &[libc::SYS_openat]);
    fs::remove_file(&path).unwrap();
    // Longer than it waits for anything.
    thread::sleep(Duration::from_millis(300));
    traced.let_go();
    assert_eq!(String::from_utf8_lossy(&running.wait().stdout), "Ok(None)\n");
}

#[test]
fn slow_stop_of_a_daemon_that_ends_meanwhile_finds_none() {
    let case = Case::new();
    let path = pid_path(&case);
    let daemon = obeying(&case, &path);
    let process = daemon.process();
    let stop = case.program(program!("pid_client")).arg("stop").arg(&path).arg("30000");
    let Some((running, mut traced)) = Traced::start(stop) else { return };
    // It knows who it is, and looks once more whether that is still so.
    traced.go_to(Side::After, &[libc::SYS_pidfd_open]);
    daemon.go();
    wait_for_end(process.0);
    thread::sleep(Duration::from_millis(300));
    traced.let_go();
    assert_eq!(String::from_utf8_lossy(&running.wait().stdout), "Err(NotFound)\n");
}

#[test]
fn stop_is_over_when_the_next_instance_is_up() {
    // As a supervisor starts it again at once.
    let case = Case::new();
    let path = pid_path(&case);
    let daemon = start(&case, &path);
    let stop = case.program(program!("pid_client")).arg("stop").arg(&path).arg("2000");
    let Some((running, mut traced)) = Traced::start(stop) else { return };
    traced.go_to(Side::After, &[libc::SYS_pidfd_send_signal]);
    wait_for_end(daemon.0);
    let next = start(&case, &path);
    traced.let_go();
    assert_eq!(String::from_utf8_lossy(&running.wait().stdout), "Ok(())\n");
    assert_holds(&path, next);
}

#[test]
fn query_takes_no_lock() {
    let case = Case::new();
    let path = pid_path(&case);
    for daemon in [None, Some(start(&case, &path))] {
        let query = case.program(program!("pid_client")).arg("running").arg(&path);
        let Some((running, mut traced)) = Traced::start(query) else { return };
        assert!(!traced.comes_to(Side::Before, &[libc::SYS_flock]), "beside {daemon:?}");
        // The test has seen its end already.
        drop(running);
    }
}

// At any moment

/// One winner, and the others say who that is.
#[track_caller]
fn assert_one_winner(path: &Path, parents: &[Process], outcomes: &[Outcome]) -> Process {
    let winners: Vec<_> = (0..outcomes.len()).filter(|&at| outcomes[at].status.success()).collect();
    let [winner] = winners[..] else { panic!("{} winners: {outcomes:?}", winners.len()) };
    let daemon = started(&outcomes[winner]);
    let lines = [parents[winner], daemon]
        .map(|Process(number)| format!("keeper: already running: process {number} holds {}", path.display()));
    for (at, outcome) in outcomes.iter().enumerate() {
        assert!(
            at == winner || lines.iter().any(|line| line == outcome.failure()),
            "{outcome:?}, not of {lines:?}"
        );
        assert!(at == winner || outcome.status.code() == Some(69), "{outcome:?}");
    }
    daemon
}

#[test]
fn one_of_eight_starts_wins_a_hundred_times() {
    let case = Case::new();
    let path = pid_path(&case);
    for round in 0..100 {
        let starts: Vec<_> = (0..8).map(|_| keeper(&case, &path).spawn()).collect();
        let parents: Vec<_> = starts.iter().map(|parent| parent.process()).collect();
        let outcomes: Vec<_> = starts.into_iter().map(|parent| parent.wait()).collect();
        let daemon = assert_one_winner(&path, &parents, &outcomes);
        assert_holds(&path, daemon);
        assert_eq!(case.processes(), [daemon]);
        kill(daemon);
        // Every other time there is no file to begin with.
        if round % 2 == 0 {
            fs::remove_file(&path).unwrap();
        }
    }
}

#[test]
fn instances_that_come_and_go_never_overlap() {
    let case = Case::new();
    let path = pid_path(&case);
    let alone = format!("ALONE={}", case.folder().join("alone").display());
    let (wins, losses) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let start_again_and_again = || {
        let case = Case::new();
        for _ in 0..60 {
            let outcome = keeper(&case, &path).env(&alone).spawn().wait();
            if outcome.status.success() {
                // It ends by itself, and takes its file away, while others are about to open it.
                wait_for_end(started(&outcome).0);
                wins.fetch_add(1, Ordering::Relaxed);
            } else {
                // Any other failure is that of a second one that was up.
                assert_eq!(outcome.status.code(), Some(69), "{outcome:?}");
                assert!(outcome.failure().starts_with("keeper: already running: "), "{outcome:?}");
                losses.fetch_add(1, Ordering::Relaxed);
            }
        }
        case.wait_until_empty();
    };
    thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(start_again_and_again))));
    let (wins, losses) = (wins.into_inner(), losses.into_inner());
    assert_eq!(wins + losses, 240);
    assert!(wins > 0, "nobody ever got it");
    assert_free(&path);
    assert!(!path.exists());
}

/// Does something over and over, until it is told that it is enough.
struct Beside<T> {
    enough: Arc<AtomicBool>,
    thread: Option<JoinHandle<T>>,
}

impl<T: Send + 'static> Beside<T> {
    /// What is done learns whether it is for the last time: then the end has come before.
    fn start(mut what: impl FnMut(bool) -> Option<T> + Send + 'static) -> Self {
        let enough = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&enough);
        let again_and_again = move || {
            loop {
                let last = told.load(Ordering::SeqCst);
                if let Some(result) = what(last) {
                    return result;
                }
            }
        };
        Self { enough, thread: Some(thread::spawn(again_and_again)) }
    }

    fn result(mut self) -> T {
        self.enough.store(true, Ordering::SeqCst);
        self.thread.take().unwrap().join().unwrap()
    }
}

/// For a test that fails meanwhile.
impl<T> Drop for Beside<T> {
    fn drop(&mut self) {
        self.enough.store(true, Ordering::SeqCst);
    }
}

#[test]
fn ten_thousand_queries_beside_two_hundred_starts_make_none_fail() {
    let case = Case::new();
    let path = pid_path(&case);
    let askers: Vec<_> = (0..2)
        .map(|_| {
            let (pid_file, mut count) = (PidFile::new(&path), 0);
            Beside::start(move |last| {
                let answer = pid_file.running();
                count += 1;
                match answer {
                    Err(error) => Some(Err(error.to_string())),
                    Ok(_) => (last && count >= 5000).then_some(Ok(count)),
                }
            })
        })
        .collect();
    for round in 0..200 {
        let daemon = start(&case, &path);
        assert_eq!(number_in(&path), daemon.0);
        kill(daemon);
        if round % 2 == 0 {
            fs::remove_file(&path).unwrap();
        }
    }
    let counts: Result<Vec<u32>, _> = askers.into_iter().map(Beside::result).collect();
    assert!(counts.unwrap().into_iter().sum::<u32>() >= 10_000);
}

#[test]
fn contender_never_gets_the_lock_during_two_hundred_starts() {
    let case = Case::new();
    for number in 0..200 {
        let path = case.folder().join(format!("pid-{number}"));
        write(&path, "");
        let file = OpenOptions::new().read(true).write(true).open(&path).unwrap();
        // From when the parent has written that it has the lock.
        let contender = Beside::start(move |last| {
            let got = file.metadata().unwrap().len() > 0 && !support::is_locked(&file);
            (got || last).then_some(got)
        });
        let daemon = start(&case, &path);
        assert_holds(&path, daemon);
        assert!(!contender.result(), "the lock was let go in start {number}");
        kill(daemon);
    }
}

#[test]
fn starts_beside_others_that_try_the_lock_and_let_go_end_well() {
    // They cannot be told from an instance, but they never have it for long.
    let case = Case::new();
    let path = pid_path(&case);
    write(&path, "");
    let file = File::open(&path).unwrap();
    let trier = Beside::start(move |last| {
        // Far longer, and far more often than anybody would.
        if file.try_lock().is_ok() {
            thread::sleep(Duration::from_millis(1));
            file.unlock().unwrap();
        }
        thread::sleep(Duration::from_millis(2));
        last.then_some(())
    });
    for _ in 0..30 {
        let daemon = start(&case, &path);
        kill(daemon);
    }
    trier.result();
}

#[test]
fn lock_of_the_test_is_seen_by_the_test() {
    // What all of this stands on.
    let case = Case::new();
    let path = pid_path(&case);
    let lock = Lock::of(&path);
    assert!(is_locked(&path));
    drop(lock);
    assert!(!is_locked(&path));
}
