//! A parent of which another thread forks all the time, without `exec`, while the daemon is started. The children have
//! copies of everything that the start holds at that moment, and keep them.
#![allow(unsafe_code, reason = "only C offers `fork`")]

use std::{
    error::Error,
    process,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use godaemon::{Options, Stage, Started};
use nix::{
    sys::{
        signal::{Signal, kill},
        wait::waitpid,
    },
    unistd::{ForkResult, Pid, fork, pause},
};

/// Far more than are forked during a start.
const MOST: usize = 1000;

fn main() -> Result<(), Box<dyn Error>> {
    if godaemon::stage() == Stage::Daemon {
        let _daemon = Options::new().wait_for_ready().daemonize()?;
        process::exit(3);
    }
    let over = AtomicBool::new(false);
    let (started, children) = thread::scope(|scope| {
        let forking = scope.spawn(|| fork_until(&over));
        let started = Options::new().wait_for_ready().start();
        over.store(true, Ordering::Relaxed);
        (started, forking.join())
    });
    for child in children.map_err(|_| "the forking thread panicked")? {
        kill(child, Signal::SIGKILL)?;
        waitpid(child, None)?;
    }
    match started {
        Ok(Started::Parent(pid)) => println!("up: {pid}"),
        Ok(Started::Daemon(_)) => println!("here is no daemon"),
        Err(error) => println!("{error:#}"),
    }
    Ok(())
}

fn fork_until(over: &AtomicBool) -> Vec<Pid> {
    let mut children = Vec::new();
    while !over.load(Ordering::Relaxed) && children.len() < MOST {
        // SAFETY: the child calls nothing but `pause`.
        match unsafe { fork() } {
            Ok(ForkResult::Parent { child }) => children.push(child),
            Ok(ForkResult::Child) => loop {
                pause();
            },
            Err(_) => break,
        }
    }
    children
}
