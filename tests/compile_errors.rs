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

use regex_lite::Regex;
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

#[test]
fn every_answer_is_explained() {
    let explained: Vec<_> = explanations(PAGE).collect();
    for (path, answer) in answers() {
        for message in messages(&answer) {
            let is_there = explained.iter().any(|explanation| explanation.is_match(&message));
            assert!(is_there, "`{message}` of {} is not on the page", path.display());
        }
    }
}

#[test]
fn every_explanation_of_the_macro_belongs_to_an_answer() {
    let answers = answers();
    let messages: Vec<_> = answers.iter().flat_map(|(_, answer)| messages(answer)).collect();
    let (of_the_macro, _) = PAGE.split_once("# What the compiler says").unwrap();
    let mut explanations = explanations(of_the_macro).peekable();
    assert!(explanations.peek().is_some());
    for explanation in explanations {
        assert!(messages.iter().any(|message| explanation.is_match(message)), "nobody says `{explanation}`");
    }
}

/// The page of the guide that explains the errors.
const PAGE: &str = include_str!("../docs/compile_errors.md");

/// The first lines of the errors in an answer, as they would be without backticks.
fn messages(answer: &str) -> impl Iterator<Item = String> {
    let first_lines = answer.lines().filter(|line| line.starts_with("error"));
    first_lines.filter_map(|line| line.split_once(": ")).map(|(_, message)| message.replace('`', ""))
}

/// What the headings of a page match: each is a list of messages, in which words in capitals stand for what differs.
fn explanations(page: &str) -> impl Iterator<Item = Regex> {
    let headings = page.lines().filter_map(|line| line.strip_prefix("## "));
    let messages = headings.flat_map(|heading| heading.split("`, `"));
    messages.map(|message| {
        let escaped = regex_lite::escape(message.replace('`', "").trim());
        let placeholders = Regex::new(r"\b[A-Z]+\b").unwrap();
        Regex::new(&format!("^{}$", placeholders.replace_all(&escaped, ".+"))).unwrap()
    })
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
