//! This crate beside the Go package that it follows: the same scenarios for a program of each, looked at by the same code.
//!
//! What is to be seen stands in the tables of `docs/coming_from_go.md`, the page for those who come from there: a row for
//! each scenario, with what a daemon in Go sees and what a daemon of ours sees. Where the Go package is not installed our
//! half is still compared, with the row.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod captured;
mod descriptors;
mod environment;
mod go;
mod page;
mod process;
mod start;

use std::path::Path;

use support::{Case, Launch, program, skip};

/// One of the two programs, with a case of its own.
struct Twin<'a> {
    program: &'a Path,
    case: Case,
}

impl<'a> Twin<'a> {
    fn new(program: &'a Path) -> Self {
        Self { program, case: Case::new() }
    }

    /// The program, ready to be started.
    fn launch(&self) -> Launch<'_> {
        self.case.program(self.program)
    }
}

/// Makes a test of each scenario, and a list of the rows that they are about.
macro_rules! scenarios {
    ($($module:ident :: $function:ident: $row:literal,)*) => {
        mod both_see_what_the_page_says {
            $(
                #[test]
                fn $function() {
                    super::check($row, super::$module::$function);
                }
            )*
        }

        const ROWS: &[&str] = &[$($row),*];
    };
}

scenarios! {
    process::session: "session and process group",
    process::parent: "parent process",
    process::terminal: "opening `/dev/tty`",
    process::other_terminal: "opening another terminal, without `O_NOCTTY`",
    process::hang_up: "when the terminal hangs up",
    process::directory: "working directory",
    process::deleted_directory: "started in a directory that was deleted",
    process::umask: "umask, started with 077",
    process::arguments: "arguments: empty, not UTF-8, with spaces",
    process::program_name: "first argument, with a program name given",
    process::name: "name in `ps` and `pgrep`",
    process::other_name: "name in `ps` and `pgrep`, with a program name given",
    process::deleted_program: "the executable is deleted during the start",
    process::replaced_program: "the executable is replaced during the start",
    descriptors::standard_streams: "descriptors 0, 1 and 2",
    descriptors::closed_streams: "descriptors 0, 1 and 2, if they were closed",
    descriptors::print: "printing, without captured output",
    descriptors::strange: "descriptor 9 of the caller",
    descriptors::position: "position in a file that is handed on",
    descriptors::lock: "lock of a file that is handed on",
    descriptors::number: "numbers of files that are handed on",
    descriptors::files_in_children: "files of the daemon in its children",
    descriptors::link: "`Readlink` of a link to a long name",
    environment::variables: "variables: ordinary, empty, not UTF-8",
    environment::twice: "a variable that is there twice",
    environment::no_variable: "an entry without `=`",
    environment::added: "variables that are new",
    environment::own_stage: "the user's own variable of the stage's name",
    environment::forged_stage: "a stage that the user made up",
    environment::ignored: "SIGHUP, ignored by the caller",
    environment::blocked: "SIGUSR1, blocked by the caller",
    start::runs: "processes that run the code before the call",
    start::stage: "the stage, asked for after the call",
    start::exits: "the daemon exits with 42 before it is up",
    start::panics: "the daemon panics before it is up",
    start::killed: "the daemon is killed before it is up",
    start::printed: "what is printed before the daemon is up",
    start::second_call: "a second call in the daemon",
    captured::bytes: "what the daemon and a child print",
    captured::parts: "half a line, and later the other half",
    captured::dropped: "printing after the reader was closed",
    captured::last_words: "a line that is being handled when `main` returns",
    captured::pipes_in_children: "the pipes in children of the daemon",
}

/// What is seen of both programs is what the row says.
#[track_caller]
fn check(row: &str, observe: fn(&Twin<'_>) -> String) {
    let row = page::row(row);
    assert_eq!(observe(&Twin::new(program!("twin").as_ref())), row.here, "here: {}", row.name);
    match go::program() {
        Ok(program) => assert_eq!(observe(&Twin::new(program)), row.go, "in Go: {}", row.name),
        Err(why) => skip(why),
    }
}

#[test]
fn every_row_of_the_page_has_a_scenario() {
    let rows: Vec<_> = page::rows().map(|row| row.name).collect();
    assert_eq!(rows, ROWS);
}

#[test]
fn every_difference_has_a_reason() {
    for row in page::rows() {
        assert_eq!(row.why.is_empty(), row.here == row.go, "{row:?}");
    }
}

#[test]
fn go_programs_of_the_page_and_of_this_test_are_in_order() {
    let programs: Vec<_> = page::programs_in_go().collect();
    assert!(programs.len() > 1, "the page has programs in Go");
    if let Err(why) = go::assert_in_order(programs.into_iter().chain([go::SOURCE])) {
        skip(why);
    }
}
