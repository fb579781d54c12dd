//! PARSE: what stands in the parentheses, and what is said of what should not.

use super::errors;
use crate::options::OPTIONS;

const MAIN: &str = "fn main() {}";

#[test]
fn editors_show_every_option() {
    let rows = include_str!("../in_short.md").lines().filter_map(|line| line.strip_prefix("| `"));
    // `stdout` and `stderr`, and `user` and `group`, share a row.
    let mut shown: Vec<&str> = rows
        .flat_map(|row| row.split('|').next().into_iter().flat_map(|options| options.split(", `")))
        .filter_map(|option| option.split([' ', '`']).next())
        .collect();
    let mut known: Vec<&str> = OPTIONS.iter().map(|(name, _)| *name).collect();
    shown.sort_unstable();
    known.sort_unstable();
    assert_eq!(shown, known);
}

#[test]
fn each_option_is_known_once_and_in_its_form() {
    let options = "capture_ouput, chdir = 3, umask, umask = 4, files = open(), values = [a], crate = \"dz\", \
                   foreground(yes), working_dir = , on_ready";
    assert_eq!(
        errors(options, MAIN),
        [
            "expected `umask = <expression>`",
            "duplicate option `umask`",
            "expected a list: `files = [name = expression, ...]`",
            "expected a list: `values = [name = expression, ...]`",
            "expected a path without quotes: `crate = dz`",
            "expected `foreground = <expression>`",
            "expected `working_dir = <expression>`",
            "expected `on_ready = <expression>`",
            "unknown option `capture_ouput`\nhelp: an option with a similar name exists: `capture_output`",
            "unknown option `chdir`\nhelp: the options are `capture_output`, `files`, `values`, `program_name`, \
             `foreground`, `pid_file`, `stdout`, `stderr`, `working_dir`, `umask`, `user`, `group`, `start_timeout`, \
             `on_ready`, `crate`",
        ]
    );
}

#[test]
fn an_option_in_use_is_not_suggested() {
    let errors = errors("umsk = 1, umask = 2", MAIN);
    assert_eq!(errors.len(), 1);
    assert!(errors[0].contains("the options are"), "{errors:?}");
}

#[test]
fn a_captured_stream_goes_to_no_file() {
    let help = "\nhelp: leave out `capture_output`, or let the reader write the file";
    assert_eq!(
        errors("stderr = path, capture_output, stdout = path", MAIN),
        [
            format!("`stderr` is captured, so it cannot go to a file{help}"),
            format!("`stdout` is captured, so it cannot go to a file{help}"),
        ]
    );
    assert!(errors("stderr = path, stdout = path", MAIN).is_empty());
}

#[test]
fn a_flag_takes_no_value() {
    let expected = ["the option `capture_output` takes no value"];
    assert_eq!(errors("capture_output = true", MAIN), expected);
    assert_eq!(errors("capture_output =", MAIN), expected);
    assert_eq!(errors("capture_output(both)", MAIN), expected);
}

#[test]
fn a_name_is_given_once_and_is_none_of_godaemons_own() {
    assert_eq!(
        errors("values = [a = 1, a = 2], files = [a = 3, ready = 4]", MAIN),
        [
            "duplicate value `a`",
            "duplicate file `a`",
            "`ready` is what `main` receives from godaemon\nhelp: choose another name",
        ]
    );
}

#[test]
fn a_comma_inside_an_expression_ends_no_option() {
    assert!(errors("umask = mask::<u8, u16>(), on_ready = |pid| tell(pid, 1),", MAIN).is_empty());
}

#[test]
fn a_syntax_error_hides_nothing_behind_it() {
    assert_eq!(errors("umask = 1 2, umask = 3", MAIN), ["expected `,`", "duplicate option `umask`"]);
    assert_eq!(
        errors("umask = 1 +, umask = 3", MAIN),
        ["expected an expression", "duplicate option `umask`"]
    );
    assert_eq!(errors("umask = 1 umask = 3", MAIN), ["expected `,`", "duplicate option `umask`"]);
    assert_eq!(errors("umask umask = 3", MAIN), ["expected `,`", "duplicate option `umask`"]);
    assert_eq!(errors("values = [a = 1 a = 2]", MAIN), ["expected `,`", "duplicate value `a`"]);
    assert_eq!(errors("values = [a = 1; b = 2, a = 3]", MAIN), ["expected `,`", "duplicate value `a`"]);
    assert_eq!(
        errors("values = [a = 1 +, a = 2]", MAIN).len(),
        1,
        "an entry that was not understood has no name"
    );
}

#[test]
fn a_bracket_without_its_other_is_one_error() {
    assert_eq!(errors("on_ready = |pid, umask = 3", MAIN), ["unclosed `|`"]);
    assert_eq!(errors("umask = mask::<u8, pid_file = path", MAIN), ["unclosed `<`"]);
}

#[test]
fn one_fault_is_one_error() {
    for option in [
        "umask: 3",
        "umask => 3",
        "umask == 3",
        "umask += 3",
        "umask(3)",
        "umask 3",
        "umask = 3 3",
        "umask = +",
    ] {
        assert_eq!(errors(option, MAIN).len(), 1, "{option}");
        assert_eq!(errors(&format!("{option}, program_name = name"), MAIN).len(), 1, "{option},");
    }
    for option in ["\"echod\"", "chdir: 3", "chdir => 3", "chdir(3)", "chdir 3", "chdir = +", "?"] {
        assert_eq!(errors(option, MAIN).len(), 1, "{option}");
        assert_eq!(errors(&format!("{option}, program_name = name"), MAIN).len(), 1, "{option},");
    }
    for entry in [
        "a",
        "a: u8 = 3",
        "a: u8",
        "a => 3",
        "mut a = 3",
        "#[cfg(unix)] a = 3",
        "3",
        "a.b = 3",
        "a = 3 +",
        "a::b",
    ] {
        assert_eq!(errors(&format!("values = [{entry}]"), MAIN).len(), 1, "{entry}");
        let more = format!("values = [{entry}, b = 3], umask = b");
        assert_eq!(errors(&more, MAIN).len(), 1, "{entry},");
    }
}

#[test]
fn a_comma_is_no_option_and_no_entry() {
    let errors = errors(", umask = 3, files = [, a = open()?]", MAIN);
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert!(
        errors[0].starts_with("expected an option\nhelp: the options are `capture_output`, "),
        "{errors:?}"
    );
    assert_eq!(errors[1], "expected a list: `files = [name = expression, ...]`");
}

#[test]
fn a_type_belongs_to_the_parameter() {
    let error = "expected a list: `values = [name = expression, ...]`\n\
                 help: `a` has the type of its parameter, or else of its expression";
    assert_eq!(errors("values = [a: Vec<u8> = read(), b = 1]", MAIN), [error]);
    assert_eq!(
        errors("values = [a: Result<u8, u8> = read()]", MAIN),
        [error],
        "a comma may be part of a type"
    );
}

#[test]
fn a_list_says_why_a_name_is_none() {
    let help = |options| {
        let errors = errors(options, MAIN);
        assert_eq!(errors.len(), 1, "{errors:?}");
        errors[0].split_once("help: ").map(|(_, help)| help.to_owned())
    };
    assert_eq!(
        help("values = [type = 3]").as_deref(),
        Some("`type` is a keyword: write `r#type`, or choose another name")
    );
    assert_eq!(help("values = [_ = 3]").as_deref(), Some("it needs a name"));
    assert_eq!(help("values = [self = 3]").as_deref(), Some("it needs a name"));
    assert!(help("values = [mut a = 3]").is_some_and(|help| help.starts_with("leave out `mut`")));
    assert_eq!(help("values = [3]"), None);
}

#[test]
fn dashes_and_capitals_are_understood() {
    for (written, meant) in
        [("pid-file", "pid_file"), ("working-dir", "working_dir"), ("PidFile", "pid_file")]
    {
        assert_eq!(
            errors(&format!("{written} = path"), MAIN),
            [format!("unknown option `{written}`\nhelp: an option with a similar name exists: `{meant}`")]
        );
    }
    assert_eq!(errors("capture-output", MAIN).len(), 1);
}

#[test]
fn a_raw_name_is_the_same_option() {
    assert_eq!(errors("capture_output, r#stdout = path", "fn main(stderr: Reader) {}").len(), 1);
    assert_eq!(errors("r#umask = 3, umask = 4", MAIN), ["duplicate option `umask`"]);
}

#[test]
fn a_literal_none_has_no_type() {
    assert_eq!(
        errors("pid_file = None, working_dir = None::<&str>, start_timeout = None", MAIN),
        ["nothing tells the type of this `None`\nhelp: leave out the option `pid_file`"]
    );
}

#[test]
fn an_option_does_not_await() {
    let error = "an option cannot `await`\nhelp: do it in the body of `main`, where the runtime runs";
    assert_eq!(errors("umask = mask().await, values = [a = b.await]", MAIN), [error, error]);
    assert!(errors("umask = block_on(async { mask().await })", MAIN).is_empty());
}
