//! WRITE: what stands in the generated `main`.

use super::{contains, expand};

#[test]
fn the_plain_attribute_is_complete() {
    let written = expand("", "fn main() {}");
    assert!(written.to_string().starts_with("fn main ()"), "{written}");
    assert!(contains(&written, "use ::godaemon::{Options as __Options, __private as __godaemon};"));
    assert!(contains(&written, "fn __godaemon_main() {}"));
    syn::parse2::<syn::ItemFn>(written).expect("one function is written");
}

#[test]
fn the_crate_can_be_named() {
    assert!(contains(&expand("crate = my::dz", "fn main() {}"), "use my::dz::{"));
}

#[test]
fn an_option_is_a_call_with_the_expression_as_argument() {
    let main = "fn main(stdout: Reader, ready: Ready) {}";
    let written = expand("umask = 0o27, capture_output, program_name = name()?", main);
    for call in ["umask(0o27)", "program_name(name()?)", "capture_output()", "wait_for_ready()"] {
        assert!(contains(&written, &format!("options.{call}")), "{call}");
    }
}

#[test]
fn values_and_files_have_the_types_of_their_parameters() {
    let options =
        "values = [args = parse(), quiet = args.quiet], files = [lock = open(&args)?], foreground = quiet";
    let written = expand(options, "fn main(_lock: File, mut args: Args) {}");
    for step in [
        "let value: Args = parse();",
        "let value = args.quiet;",
        "let value: File = open(&args)?;",
        "start.take::<File>(&mut daemon, \"lock\")",
        "__godaemon_main(lock, args)",
    ] {
        assert!(contains(&written, step), "{step}");
    }
}

#[test]
fn documentation_and_lints_go_outside_and_the_rest_stays_inside() {
    let attributes = "#[doc = \"What it does.\"] #[expect(unused)]";
    let written = expand("", &format!("{attributes} #[tokio::main] async fn main() {{}}"));
    assert!(contains(&written, &format!("{attributes} fn main()")));
    assert!(contains(&written, "async fn __godaemon_main() {}"));
    assert!(contains(&written, "#[tokio::main]"));
}

#[test]
fn a_main_that_never_returns_has_no_outcome() {
    assert!(!contains(&expand("", "fn main() -> ! { loop {} }"), "report"));
    assert!(contains(&expand("", "fn main() -> impl Termination {}"), "report"));
}
