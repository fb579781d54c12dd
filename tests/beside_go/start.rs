//! How a start goes, and what the terminal learns of it.

use std::fs;

use nix::sys::signal::Signal;
use regex_lite::Regex;
use support::{Outcome, Puppet};

use crate::Twin;

pub(crate) fn runs(twin: &Twin<'_>) -> String {
    twin.launch().env("RAN=1").daemon();
    let stages = fs::read_to_string(twin.case.folder().join("ran")).unwrap();
    stages.lines().collect::<Vec<_>>().join(", ")
}

pub(crate) fn stage(twin: &Twin<'_>) -> String {
    format!("`{}`", twin.launch().daemon().text("stage"))
}

/// A daemon that comes to its end before it is up, if that makes a difference.
fn ended(twin: &Twin<'_>, end: impl FnOnce(Puppet)) -> Outcome {
    let parent = twin.launch().env("EARLY=1").spawn();
    let daemon = twin.case.puppet();
    let process = daemon.process();
    end(daemon);
    process.wait_until_dead();
    parent.wait()
}

/// What the terminal learns.
fn told(outcome: &Outcome) -> String {
    assert_eq!(outcome.stdout, b"");
    let said = String::from_utf8_lossy(&outcome.stderr);
    // Where in the source something happened is not the page's business.
    let place = Regex::new(r"\S+\.rs:\d+:\d+").unwrap();
    let said = match &*place.replace(said.trim_end(), "FILE:LINE:COLUMN") {
        "" => "nothing is said".to_owned(),
        said => format!("`{said}`"),
    };
    format!("status {}, {said}", outcome.status.code().unwrap())
}

pub(crate) fn exits(twin: &Twin<'_>) -> String {
    told(&ended(twin, |daemon| daemon.order("exit", "42")))
}

pub(crate) fn panics(twin: &Twin<'_>) -> String {
    told(&ended(twin, |daemon| daemon.order("panic", "the sky fell")))
}

pub(crate) fn killed(twin: &Twin<'_>) -> String {
    told(&ended(twin, |daemon| daemon.process().signal(Signal::SIGKILL)))
}

pub(crate) fn printed(twin: &Twin<'_>) -> String {
    let parent = twin.launch().env("EARLY=1").env("PRINT=1").spawn();
    let daemon = twin.case.puppet();
    let error = daemon.number("printed");
    daemon.go();
    let outcome = parent.wait();
    match (error, &outcome.stderr[..]) {
        (0, b"printed\n") => "appears at the terminal".to_owned(),
        (_, b"") => "is lost".to_owned(),
        _ => format!("{outcome:?}"),
    }
}

pub(crate) fn second_call(twin: &Twin<'_>) -> String {
    // As long as the file is there: so it is called a second time once, and not for ever.
    fs::write(twin.case.folder().join("again"), "").unwrap();
    let first = twin.launch().env("AGAIN=1").daemon();
    let daemon = first.process();
    first.go();
    if twin.case.puppet().process() == daemon {
        return "is an error".to_owned();
    }
    daemon.wait_until_dead();
    "starts another daemon, and ends this one".to_owned()
}
