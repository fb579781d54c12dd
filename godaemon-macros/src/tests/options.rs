//! PARSE: what stands in the parentheses, and what is said of what should not.

use super::errors;

const MAIN: &str = "fn main() {}";

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
fn the_first_syntax_error_is_the_last_thing_read() {
    assert_eq!(errors("umask = 1 2, nonsense", MAIN), ["expected `,`"]);
}
