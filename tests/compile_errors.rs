//! What the compiler says of a faulty attribute: `ui/*/*.rs` are the faults, by the phase of the macro that finds them
//! (`types`: by rustc, on the user's own words), and the file `.stderr` beside each is the whole answer.
//!
//! After a change: `TRYBUILD=overwrite cargo test -p godaemon-tests --test compile_errors`, and then read the diff. One
//! fault is one error, on the smallest word that shows it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use support::skip;

/// The compiler that the answers were recorded with. Half of every answer is rustc's own: its wording, its notes and
/// its underlines change from one minor version to the next, with nothing wrong in the macro.
const RECORDED_WITH: &str = "rustc 1.95.";

#[test]
fn every_fault_is_answered_as_recorded() {
    let version = rustc_version();
    if !version.starts_with(RECORDED_WITH) {
        return skip(&format!("the answers were recorded with {RECORDED_WITH}*, and this is {version}"));
    }
    // Compiled, never run: a program that compiles is no business of this test.
    trybuild::TestCases::new().compile_fail("ui/*/*.rs");
}

#[test]
fn no_answer_is_about_a_missing_main() {
    for (path, answer) in answers() {
        assert!(!answer.contains("E0601"), "{} misses a `main`", path.display());
    }
}

#[test]
fn no_answer_is_a_panic_of_the_macro() {
    for (path, answer) in answers() {
        assert!(!answer.contains("panicked"), "{} tells of a panic", path.display());
    }
}

#[test]
fn every_answer_belongs_to_a_fault() {
    for (path, _) in answers() {
        assert!(path.with_extension("rs").exists(), "{} is left over", path.display());
    }
}

/// The version of the compiler that trybuild is going to use.
fn rustc_version() -> String {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

/// Every recorded answer.
fn answers() -> Vec<(PathBuf, String)> {
    let ui = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui");
    let files = fs::read_dir(ui).unwrap().flat_map(|phase| fs::read_dir(phase.unwrap().path()).unwrap());
    let paths = files.map(|file| file.unwrap().path());
    let answers: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "stderr"))
        .map(|path| (path.clone(), fs::read_to_string(path).unwrap()))
        .collect();
    assert!(!answers.is_empty(), "nothing is recorded");
    answers
}
