//! WRITE: what stands in the generated `main`.

use super::{contains, expand};

#[test]
fn the_plain_attribute_is_complete() {
    let written = expand("", "fn main() {}");
    assert!(written.to_string().starts_with("fn main ()"), "{written}");
    assert!(contains(&written, "use ::godaemon::{Options as __GodaemonOptions, __private as __godaemon};"));
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
        assert!(contains(&written, &format!("__godaemon_options.{call}")), "{call}");
    }
}

#[test]
fn values_and_files_have_the_types_of_their_parameters() {
    let options =
        "values = [args = parse(), quiet = args.quiet], files = [lock = open(&args)?], foreground = quiet";
    let written = expand(options, "fn main(_lock: File, mut args: Args) {}");
    for step in [
        "let __godaemon_value: Args = parse();",
        "let __godaemon_value = args.quiet;",
        "let __godaemon_value: File = open(&args)?;",
        "Start::take::<File>(&__godaemon_start, &mut __godaemon_daemon, \"lock\")",
        "__godaemon_main(lock, args)",
    ] {
        assert!(contains(&written, step), "{step}");
    }
}

#[test]
fn documentation_and_lints_go_outside_and_the_rest_stays_inside() {
    let attributes = "#[doc = \"What it does.\"] #[deprecated] #[must_use] #[expect(unused)]";
    let written = expand("", &format!("{attributes} #[tokio::main] async fn main() {{}}"));
    assert!(contains(&written, &format!("{attributes} fn main()")));
    assert!(contains(&written, "async fn __godaemon_main() {}"));
    assert!(contains(&written, "#[tokio::main]"));
}

#[test]
fn a_lint_is_allowed_only_where_it_would_be_raised() {
    let parameters = |number| (0..number).map(|at| format!("v{at}: u8")).collect::<Vec<_>>().join(", ");
    let values = |number| (0..number).map(|at| format!("v{at} = {at}")).collect::<Vec<_>>().join(", ");
    let written = |number| {
        expand(&format!("values = [{}]", values(number)), &format!("fn main({}) {{}}", parameters(number)))
    };
    // Where it is forbidden, this would be an error.
    assert!(!contains(&written(7), "allow"));
    assert!(contains(&written(8), "#[allow(clippy::too_many_arguments)]"));
}

#[test]
fn a_main_that_never_returns_has_no_outcome() {
    assert!(!contains(&expand("", "fn main() -> ! { loop {} }"), "report"));
    assert!(!contains(&expand("", "fn main() -> (!) { loop {} }"), "report"));
    assert!(contains(&expand("", "fn main() -> impl Termination {}"), "report"));
}
