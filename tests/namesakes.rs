//! A program in whose source the names of the generated code mean other things. (That such programs compile, in every
//! surrounding and without a lint, is checked in `lints/`.)

use support::{Case, program};

#[test]
fn names_in_the_program_mean_what_they_say() {
    let case = Case::new();
    let parent = case.program(program!("namesakes")).spawn();
    let body = case.puppet();
    assert_eq!(body.text("stage"), "daemon");
    assert_eq!((body.text("text"), body.text("piped")), ("12345678", "12345678"));
    body.go();
    parent.wait().assert_success();
    let up = case.puppet();
    assert_eq!(up.text("line"), "printed\n");
    up.go();
}

#[test]
fn error_is_told_beside_a_trait_that_reports() {
    let case = Case::new();
    let parent = case.program(program!("namesakes")).spawn();
    case.puppet().order("error", "no luck");
    let outcome = parent.wait();
    assert_eq!((outcome.failure(), outcome.status.code()), ("namesakes: daemon: no luck", Some(1)));
    case.wait_until_empty();
}
