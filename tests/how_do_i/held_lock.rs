//! A lock goes from hand to hand as a plain file.

use std::fs::{File, TryLockError};

use support::{Case, Launch, program};

use crate::{assert_refused, crash, daemon_in};

fn held_lock(case: &Case) -> Launch<'_> {
    case.program(program!("held_lock")).env(format!("TMPDIR={}", case.folder().to_str().unwrap()))
}

#[test]
fn lock_of_the_parent_is_the_daemons() {
    let case = Case::new();
    let outcome = held_lock(&case).run();
    outcome.assert_success();
    let daemon = daemon_in(&case, str::from_utf8(&outcome.stdout).unwrap());
    let path = case.folder().join("held_lock.lock");
    // An open file of its own.
    assert!(matches!(File::open(&path).unwrap().try_lock(), Err(TryLockError::WouldBlock)));
    let line = format!("held_lock: lock: {} is locked: another daemon runs", path.display());
    assert_refused(&held_lock(&case).run(), &line, 1);
    crash(daemon);
    File::open(&path).unwrap().try_lock().unwrap();
    held_lock(&case).run().assert_success();
}
