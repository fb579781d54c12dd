//! Log files without the attribute.

use support::{Case, Launch, errors, program};

use crate::{exists, read};

fn logged<'case>(case: &'case Case, what: &str) -> Launch<'case> {
    case.program(program!("logged")).arg(what)
}

/// A start that fails in the parent with an error of this kind, and this text.
#[track_caller]
fn assert_error(case: &Case, what: &str, kind: &str, status: i32, text: &str) {
    let outcome = logged(case, what).run();
    assert!(outcome.status.success(), "{outcome:?}");
    assert_eq!(String::from_utf8_lossy(&outcome.stdout), format!("{kind}, parent, {status}\n"));
    assert_eq!(String::from_utf8_lossy(&outcome.stderr), format!("{text}\n"));
    errors::assert_documented(text, status);
    case.wait_until_empty();
}

#[test]
fn log_file_and_captured_output_exclude_each_other() {
    for what in ["captured-stdout", "captured-stderr"] {
        let case = Case::new();
        let text = "output is captured, so neither stdout nor stderr can go to a file";
        assert_error(&case, what, "OutOfRange", 64, text);
        assert!(!exists(&case, "log"));
    }
}

#[test]
fn file_that_cannot_be_opened_is_an_error_of_the_parent() {
    let case = Case::new();
    let path = case.folder().join("no/such/log");
    let why = "No such file or directory (os error 2)";
    let text = format!("cannot open the log file {}: {why}", path.display());
    assert_error(&case, "refused", "CannotOpen", 73, &text);
}

#[test]
fn no_path_is_no_log_file_and_output_can_be_captured() {
    let case = Case::new();
    let daemon = logged(&case, "captured-none").daemon();
    assert_eq!(daemon.text("readers"), "[true, true]");
}

#[test]
fn paths_of_several_types_are_taken() {
    let case = Case::new();
    let _daemon = logged(&case, "types").daemon();
    assert_eq!([read(&case, "out"), read(&case, "err")], ["on stdout\n", "on stderr\n"]);
}

#[test]
fn no_path_is_the_null_device_and_stays_so() {
    let case = Case::new();
    let daemon = logged(&case, "none").daemon();
    assert_eq!(daemon.text("reopened"), "Ok(())");
    let descriptors = daemon.process().descriptors();
    assert!((0..3).all(|number| descriptors[&number].is_null_device()), "{descriptors:?}");
}

#[test]
fn parent_that_goes_on_has_its_own_output_and_no_log_file() {
    let case = Case::new();
    let parent = logged(&case, "start").spawn();
    let both = [case.puppet(), case.puppet()];
    let own = both.iter().find(|puppet| puppet.process() == parent.process()).unwrap();
    // There is nothing to open again in a parent, before and after.
    assert_eq!(own.all("reopened"), [b"Ok(())"; 2]);
    let log = case.folder().join("log");
    let open = own.process().descriptors();
    assert!(open.values().all(|file| file.target != log), "{open:?}");
    drop(both);
    let outcome = parent.wait();
    outcome.assert_success();
    assert_eq!(outcome.stdout, b"printed by the parent\n");
    assert_eq!(read(&case, "log"), "printed by the daemon\n");
}
