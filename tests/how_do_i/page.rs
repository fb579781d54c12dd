//! The page itself: it shows the examples as they are, and names none that is not there.

use std::{fs, path::PathBuf};

const PAGE: &str = include_str!("../../docs/how_do_i.md");

fn examples() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "examples"].iter().collect()
}

/// What an example has behind its documentation.
#[track_caller]
fn program(name: &str) -> String {
    let text = fs::read_to_string(examples().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let program = text.lines().skip_while(|line| line.starts_with("//!")).skip(1);
    program.flat_map(|line| [line, "\n"]).collect()
}

/// The programs of the page, each with the last line of the text before it.
fn shown() -> Vec<(&'static str, &'static str)> {
    let parts: Vec<_> = PAGE.split("```").collect();
    let (fenced, rest) = parts.as_chunks::<2>();
    assert_eq!(rest.len(), 1, "each fence has its other one");
    let programs = fenced.iter().filter_map(|[text, fenced]| {
        Some((text.trim_end().lines().next_back()?, fenced.strip_prefix("rust,no_run\n")?))
    });
    programs.collect()
}

#[test]
fn page_shows_the_examples_as_they_are() {
    let mut seen = Vec::new();
    for (line, shown) in shown() {
        let name = line.split_once("`examples/").and_then(|(_, rest)| rest.strip_suffix("`:"));
        match name {
            Some(name) => {
                assert!(shown == program(name), "{name} is not what the page shows:\n{shown}");
                seen.push(name.trim_end_matches(".rs"));
            }
            // What is longer has to be a program that the tests run.
            None => assert!(shown.lines().count() <= 8, "no example has this:\n{shown}"),
        }
    }
    seen.sort_unstable();
    let programs = [
        "chroot_and_limits",
        "portable",
        "reload",
        "secret",
        "socket_activation",
        "subcommands",
        "unix_socket",
    ];
    assert_eq!(seen, programs);
}

/// `[question](#section)` at the top, and `# Section`.
#[test]
fn every_question_has_its_section_and_every_section_its_question() {
    let questions: Vec<_> = PAGE
        .lines()
        .filter_map(|line| line.strip_prefix("- [")?.split_once("?](#")?.1.strip_suffix(')'))
        .map(str::to_owned)
        .collect();
    let sections: Vec<_> = PAGE
        .lines()
        .filter_map(|line| line.strip_prefix("# "))
        // A hidden line of a program begins like one.
        .filter(|line| !line.contains(['{', '(']))
        .map(|title| title.to_lowercase().replace('\'', "").replace(' ', "-"))
        .collect();
    assert!(!questions.is_empty());
    assert_eq!(questions, sections);
}
