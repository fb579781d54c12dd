//! Locks of `flock(2)`, as others see them.

use std::{
    fs::{File, TryLockError},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
};

/// Whether somebody has the lock. It looks by taking it.
#[track_caller]
pub fn is_locked(file: &File) -> bool {
    match file.try_lock() {
        Ok(()) => {
            // Not only closed: a child that another test has just forked may have a copy for a moment.
            file.unlock().unwrap();
            false
        }
        Err(TryLockError::WouldBlock) => true,
        Err(TryLockError::Error(error)) => panic!("{error}"),
    }
}

/// Tries to get a lock all the time, from when the parent has written into the file that it has it.
#[derive(Debug)]
pub struct Contender {
    enough: Arc<AtomicBool>,
    thread: Option<JoinHandle<bool>>,
}

impl Contender {
    pub fn of(path: &Path) -> Self {
        let file = File::create(path).unwrap();
        let enough = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&enough);
        let contend = move || {
            loop {
                // Asked first: so there is a try after the last moment that counts.
                let last = told.load(Ordering::SeqCst);
                if file.metadata().unwrap().len() > 0 && !is_locked(&file) {
                    return true;
                }
                if last {
                    return false;
                }
            }
        };
        Self { enough, thread: Some(thread::spawn(contend)) }
    }

    /// Whether it ever got the lock.
    pub fn succeeded(mut self) -> bool {
        self.enough.store(true, Ordering::SeqCst);
        self.thread.take().unwrap().join().unwrap()
    }
}

/// For a test that fails meanwhile.
impl Drop for Contender {
    fn drop(&mut self) {
        self.enough.store(true, Ordering::SeqCst);
    }
}
