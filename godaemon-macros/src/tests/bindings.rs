//! CHECK: parameters and what they receive.

use super::errors;

#[test]
fn every_file_value_and_parameter_meets_its_counterpart() {
    assert_eq!(
        errors("files = [pid = open()?], values = [args = parse()]", "fn main(config: u32) {}"),
        [
            "nothing provides the parameter `config`\n\
             help: declare it as `files = [config = ...]` or `values = [config = ...]`",
            "no parameter of `main` receives the file `pid`\nhelp: add a parameter: `pid: std::fs::File`",
            "nothing uses the value `args`\nhelp: add a parameter: `args: ...`",
        ]
    );
}

#[test]
fn an_option_a_file_or_a_value_can_be_the_only_user_of_a_value() {
    assert!(errors("values = [a = 1], umask = a", "fn main() {}").is_empty());
    assert!(errors("values = [a = 1], on_ready = |_| println!(\"{a}\")", "fn main() {}").is_empty());
    assert!(errors("values = [a = 1], files = [b = open(a)?]", "fn main(b: File) {}").is_empty());
    assert!(errors("values = [a = 1, b = a]", "fn main(b: u8) {}").is_empty());
    assert_eq!(errors("values = [a = a()]", "fn main() {}").len(), 1);
}

#[test]
fn an_underscore_and_mut_do_not_matter() {
    let main = "fn main(_lock: File, mut args: Args, _ready: Ready) {}";
    assert!(errors("files = [lock = open()?], values = [args = parse()]", main).is_empty());
}

#[test]
fn a_misspelt_parameter_is_one_error() {
    let near = "a similar name exists: `listener`";
    let errors = errors("files = [listener = bind()?]", "fn main(listner: TcpListener) {}");
    assert_eq!(errors.len(), 1);
    assert!(errors[0].contains(near), "{errors:?}");
}

#[test]
fn two_parameters_cannot_receive_the_same() {
    assert_eq!(errors("values = [a = 1]", "fn main(a: u8, _a: u8) {}"), ["duplicate parameter `a`"]);
}

#[test]
fn readers_and_capture_output_go_together() {
    assert_eq!(
        errors("", "fn main(_stdout: Reader) {}"),
        [
            "parameter `stdout` takes captured output, but nothing captures it\nhelp: add the option `capture_output`"
        ]
    );
    assert_eq!(
        errors("capture_output", "fn main() {}"),
        ["output is captured, but `main` takes no reader\nhelp: add a parameter: `stdout: godaemon::Reader`"]
    );
    assert!(errors("capture_output", "fn main(stderr: Reader) {}").is_empty());
}

#[test]
fn nothing_is_bound_until_the_options_are_understood() {
    assert_eq!(
        errors("files = open()", "fn main(a: File) {}"),
        ["expected a list: `files = [name = expression, ...]`"]
    );
}

#[test]
fn an_exact_name_comes_before_one_without_the_underscore() {
    let options = "values = [a = 1, _a = 2], umask = 3";
    for main in ["fn main(_a: u8, a: u8) {}", "fn main(a: u8, _a: u8) {}"] {
        assert!(errors(options, main).is_empty(), "{main}");
    }
    let written = super::expand("values = [a = 1, _a = 2], umask = a", "fn main(_a: u8) {}");
    assert!(super::contains(&written, "__godaemon_main(_a)"), "{written}");
}

#[test]
fn a_handle_by_another_name_is_recognised() {
    let reader = errors("capture_output", "fn main(out: godaemon::Reader, err: Reader) {}");
    assert_eq!(reader.len(), 2, "{reader:?}");
    assert!(reader.iter().all(|error| error.contains("called `stdout` or `stderr`")), "{reader:?}");
    let ready = errors("", "fn main(r: Ready) {}");
    assert_eq!(ready.len(), 1);
    assert!(ready[0].contains("is called `ready`"), "{ready:?}");
}
