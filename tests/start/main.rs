//! A start is whole, or it did not happen: whatever goes wrong before the daemon is up reaches the terminal, and leaves
//! nothing behind.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod ends;
mod forked;
mod helpers;
mod interrupted;
mod loader;
mod output;
mod timeout;

use std::thread;

use support::{Case, Launch, Outcome, Puppet, Running, program};

/// Starts a puppet, up to this point.
fn stopped_at(case: &Case, point: &str) -> (Running, Puppet) {
    let parent = case.program(program!("puppet")).env(format!("STOPS={point}")).spawn();
    (parent, case.puppet())
}

/// Gives a puppet an order at this point, and sees how the start goes.
fn ordered_at(point: &str, order: &str, what: &str) -> Outcome {
    let case = Case::new();
    let (parent, puppet) = stopped_at(&case, point);
    puppet.order(order, what);
    let outcome = parent.wait();
    assert_eq!(outcome.stdout, b"", "the parent thinks that the daemon is up");
    case.wait_until_empty();
    outcome
}

/// The points that a daemon passes before it is up.
const BEFORE_UP: [&str; 2] = ["daemon's values", "body"];

/// More than the parent passes on at once, and less than a pipe holds.
fn much() -> String {
    "x".repeat(60_000)
}

/// Long enough for a start on any machine, in milliseconds.
const AN_HOUR: &str = "3600000";

/// The program that does this before it is ready.
fn before_ready<'case>(case: &'case Case, what: &str) -> Launch<'case> {
    case.program(program!("before_ready")).arg(what)
}

/// Tests all of these beside each other: most of the time they wait.
fn beside_each_other<T: Send>(cases: impl IntoIterator<Item = T>, test: impl Fn(T) + Sync) {
    let test = &test;
    thread::scope(|scope| cases.into_iter().for_each(|case| drop(scope.spawn(move || test(case)))));
}

#[test]
fn starts_at_the_same_time_do_not_disturb_each_other() {
    let case = Case::new();
    let parents: Vec<_> = (0..20).map(|_| case.program(program!("witness")).spawn()).collect();
    for parent in parents {
        parent.wait().assert_success();
    }
    let daemons: Vec<_> = (0..20).map(|_| case.puppet()).collect();
    let mut numbers: Vec<_> = daemons.iter().map(|daemon| daemon.process().0).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 20);
}
