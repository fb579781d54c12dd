//! What survives an `exec`: the environment, and what is set for signals.

use std::{ffi::OsStr, fs, os::unix::ffi::OsStrExt};

use nix::sys::signal::Signal;
use support::forgery::{STAGE, STRANGER, stage};

use crate::Twin;

/// The variable in which the Go package has its stage.
const GO_STAGE: &str = "__DAEMON_STAGE";

/// A stage of the Go package's: the last of three, any time, and the sum of both by SHA-1.
const GO_FORGED_STAGE: &str = "__DAEMON_STAGE=2/000000000/447db771b2ff5dd0905896ec65cda4256a5eb2db";

/// How often the daemon has each of these entries.
fn counts<const N: usize>(twin: &Twin<'_>, entries: [&[u8]; N]) -> [usize; N] {
    let launch = entries.iter().fold(twin.launch(), |launch, entry| launch.env(OsStr::from_bytes(entry)));
    let daemon = launch.daemon();
    entries.map(|entry| daemon.all("env").iter().filter(|&&seen| seen == entry).count())
}

pub(crate) fn variables(twin: &Twin<'_>) -> String {
    match counts(twin, [b"A=1", b"EMPTY=", b"\xff=\xfe", b"B= C = D "]) {
        [1, 1, 1, 1] => "as they were".to_owned(),
        others => format!("{others:?}"),
    }
}

pub(crate) fn twice(twin: &Twin<'_>) -> String {
    match counts(twin, [b"TWICE=1", b"TWICE=2"]) {
        [1, 1] => "there twice".to_owned(),
        [1, 0] => "there once: the first".to_owned(),
        others => format!("{others:?}"),
    }
}

pub(crate) fn no_variable(twin: &Twin<'_>) -> String {
    match counts(twin, [b"NOTHING"]) {
        [1] => "as it was".to_owned(),
        others => format!("{others:?}"),
    }
}

pub(crate) fn added(twin: &Twin<'_>) -> String {
    fs::write(twin.case.folder().join("text"), "some text").unwrap();
    let daemon = twin.launch().env("FILES=1").daemon();
    let mark = twin.case.mark();
    let given = |entry: &[u8]| entry.starts_with(b"PATH=") || [b"FILES=1", mark.as_bytes()].contains(&entry);
    let new = daemon.all("env").into_iter().filter(|entry| !given(entry));
    let new: Vec<_> = new.map(|entry| format!("`{}`", entry.escape_ascii())).collect();
    if new.is_empty() { "none".to_owned() } else { new.join(", ") }
}

pub(crate) fn own_stage(twin: &Twin<'_>) -> String {
    let entries = [GO_STAGE, STAGE].map(|name| format!("{name}=1"));
    match counts(twin, [entries[0].as_bytes(), entries[1].as_bytes()]) {
        [1, 1] => "kept".to_owned(),
        others => format!("{others:?}"),
    }
}

pub(crate) fn forged_stage(twin: &Twin<'_>) -> String {
    // In a session of its own: what says that it is a daemon may not be in that of the tests.
    let program = twin.launch().first(["session"]).env(GO_FORGED_STAGE).env(stage(2, STRANGER, 7)).spawn();
    let body = twin.case.puppet();
    if body.process() == program.process() {
        return "believed: the process that the user started takes itself for the daemon".to_owned();
    }
    program.wait().assert_success();
    "not believed: a daemon is started".to_owned()
}

pub(crate) fn ignored(twin: &Twin<'_>) -> String {
    let sighup = Signal::SIGHUP as i32;
    let daemon = twin.launch().first(["ignore", &sighup.to_string()]).daemon();
    if daemon.process().signals("SigIgn").contains(&sighup) { "still ignored" } else { "not ignored" }
        .to_owned()
}

pub(crate) fn blocked(twin: &Twin<'_>) -> String {
    // Go itself lets through what would end the process, such as SIGTERM.
    let sigusr1 = Signal::SIGUSR1 as i32;
    let daemon = twin.launch().first(["block", &sigusr1.to_string()]).daemon();
    if daemon.process().signals("SigBlk").contains(&sigusr1) { "still blocked" } else { "not blocked" }
        .to_owned()
}
