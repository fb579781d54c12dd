//! Descriptors, and files that are handed on.

use std::{
    fs::{self, File},
    os::unix::fs::symlink,
    path::PathBuf,
};

use support::{Contender, Descriptor, Launch, Puppet, is_locked};

use crate::Twin;

/// What 0, 1 and 2 are.
fn streams(daemon: &Puppet) -> String {
    let open = daemon.process().descriptors();
    let mut kinds = (0..3).map(|number| open.get(&number).map_or("closed", kind));
    let kind = kinds.next().unwrap();
    assert!(kinds.all(|other| other == kind), "{open:?}");
    kind.to_owned()
}

fn kind(descriptor: &Descriptor) -> &'static str {
    match (descriptor.is_null_device(), descriptor.is_readable(), descriptor.is_writable()) {
        (true, true, false) => "the null device, for reading only",
        (true, true, true) => "the null device, for reading and writing",
        _ => "something else",
    }
}

pub(crate) fn standard_streams(twin: &Twin<'_>) -> String {
    streams(&twin.launch().daemon())
}

pub(crate) fn closed_streams(twin: &Twin<'_>) -> String {
    streams(&twin.launch().first(["close", "0", "close", "1", "close", "2"]).daemon())
}

pub(crate) fn print(twin: &Twin<'_>) -> String {
    let daemon = twin.launch().env("PRINT=1").daemon();
    match daemon.number("printed") {
        0 => "goes to the null device".to_owned(),
        libc::EBADF => "fails (`EBADF`)".to_owned(),
        other => other.to_string(),
    }
}

pub(crate) fn strange(twin: &Twin<'_>) -> String {
    let daemon = twin.launch().first(["open", "9", "/"]).daemon();
    if daemon.process().descriptors().contains_key(&9) { "open in the daemon" } else { "closed" }.to_owned()
}

/// The program, with two files to be handed on.
fn with_files<'case>(twin: &'case Twin<'_>) -> Launch<'case> {
    fs::write(twin.case.folder().join("text"), "some text").unwrap();
    twin.launch().env("FILES=1")
}

pub(crate) fn position(twin: &Twin<'_>) -> String {
    match with_files(twin).daemon().number("position") {
        3 => "where the parent left it".to_owned(),
        other => other.to_string(),
    }
}

pub(crate) fn lock(twin: &Twin<'_>) -> String {
    let path = twin.case.folder().join("lock");
    for _ in 0..20 {
        let contender = Contender::of(&path);
        let daemon = with_files(twin).daemon();
        if contender.succeeded() {
            return "let go on the way".to_owned();
        }
        assert!(is_locked(&File::open(&path).unwrap()));
        daemon.see_off();
        fs::remove_file(&path).unwrap();
    }
    "held from the parent to the daemon's end".to_owned()
}

pub(crate) fn number(twin: &Twin<'_>) -> String {
    // So the parent opens its own at other numbers than the lowest.
    let launch = with_files(twin).env("STOP=parent").first(["open", "3", "/", "open", "4", "/"]);
    let parent = launch.spawn();
    let before = twin.case.puppet();
    let opened = before.all("file").concat();
    before.go();
    parent.wait().assert_success();
    let daemon = twin.case.puppet();
    match daemon.all("file")[..] {
        ref kept if kept.concat() == opened => "kept".to_owned(),
        [b"3", b"4"] => "3, 4, ...".to_owned(),
        ref others => format!("{others:?}"),
    }
}

/// Whether a child of the daemon has one of these open, above its standard streams.
pub(crate) fn in_a_child(twin: &Twin<'_>, mut daemon: Puppet, those: &[PathBuf]) -> String {
    daemon.do_and_report("helper", "sleep");
    let helper = twin.case.process_named("sleep").descriptors();
    let inherited =
        |(&number, descriptor): (&i32, &Descriptor)| number > 2 && those.contains(&descriptor.target);
    if helper.iter().any(inherited) { "open" } else { "closed" }.to_owned()
}

pub(crate) fn files_in_children(twin: &Twin<'_>) -> String {
    let daemon = with_files(twin).daemon();
    in_a_child(twin, daemon, &["text", "lock"].map(|name| twin.case.folder().join(name)))
}

pub(crate) fn link(twin: &Twin<'_>) -> String {
    let target = "a long name/".repeat(100);
    symlink(&target, twin.case.folder().join("link")).unwrap();
    let seen = twin.launch().env("LINK=1").daemon().text("link").to_owned();
    if seen == target { "the whole name".to_owned() } else { seen }
}
