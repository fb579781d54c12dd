//! What `main` may be, and what is left of it beside an error.

use super::{contains, errors, expand};

#[test]
fn the_attribute_belongs_on_fn_main() {
    assert_eq!(errors("", "struct S;"), ["the `godaemon::main` attribute can only be applied to a function"]);
    assert_eq!(
        errors("", "fn run() {}"),
        ["the `godaemon::main` attribute belongs on `fn main`, not on `fn run`"]
    );
}

#[test]
fn of_another_function_nothing_else_is_said() {
    assert_eq!(errors("", "const async fn run(&self, a: impl Copy);").len(), 1);
    // Beside a method no other item can stand.
    assert!(!contains(&expand("", "fn run(&self) {}"), "mod"));
    assert!(contains(&expand("", "const fn run() {}"), "const fn run() {}"));
}

#[test]
fn main_is_no_test() {
    let error = "`main` cannot be a test under the `godaemon::main` attribute";
    assert_eq!(errors("", "#[test] fn main() {}"), [error]);
    assert_eq!(errors("", "#[tokio::test] async fn main() {}")[0], error);
    assert!(!contains(&expand("", "#[test] fn main() {}"), "#[test]"));
}

#[test]
fn a_main_that_is_not_understood_is_inside_of_another() {
    assert!(contains(
        &expand("", "fn main(a: u8 b: u8) { body }"),
        "fn main() { fn __godaemon_main(a: u8 b: u8) { body } }"
    ));
}

#[test]
fn the_attribute_is_there_once() {
    let inner = "fn __godaemon_main() {}"; // what the first one hands to the second
    assert_eq!(errors("", inner), ["duplicate `godaemon::main` attribute"]);
}

#[test]
fn async_needs_a_runtime() {
    assert_eq!(
        errors("", "async fn main() {}"),
        ["`async fn main` has no runtime to run on\n\
          help: add the attribute of a runtime, such as `#[tokio::main]`, below `#[godaemon::main]`"]
    );
    assert!(errors("", "#[rt::main(flavor = \"x\")] async fn main() {}").is_empty());
}

#[test]
fn some_runtimes_are_for_main_alone() {
    let main = "#[::async_std::main] async fn main(a: u8) { body }";
    assert_eq!(
        errors("values = [a = 1]", main),
        ["`async_std::main` works on nothing but `main`, so not below `godaemon::main`\n\
          help: write `fn main` without it, and `async_std::task::block_on(async { ... })` in the body"]
    );
    assert!(contains(&expand("", main), "{ async fn __godaemon_main(a: u8) { body } }"));
    assert_eq!(errors("", "#[smol_potat::main(threads = 3)] async fn main() {}").len(), 1);
    assert!(errors("", "#[actix_web::main] async fn main() {}").is_empty());
}

#[test]
fn all_faults_are_reported_together() {
    let main = "const unsafe extern \"C\" fn main<T>(self, a: Vec<impl Copy>, (b, c): (u8, u8), #[cfg(x)] d: u8, ...)
                where T: Copy {}";
    assert_eq!(
        errors("", main),
        [
            "`main` cannot be `const` under the `godaemon::main` attribute",
            "`main` cannot be `unsafe` under the `godaemon::main` attribute",
            "`main` cannot be `extern \"C\"` under the `godaemon::main` attribute",
            "`main` cannot have generic parameters",
            "`main` cannot have a `where` clause",
            "`main` cannot have a `self` parameter",
            "a parameter of `main` needs a concrete type",
            "expected a plain parameter name",
            "a parameter of `main` cannot be conditional",
            "`main` cannot have a variable number of parameters",
        ]
    );
}

#[test]
fn a_type_has_a_size_and_may_have_any_name() {
    let error = "a parameter of `main` needs a type of known size\n\
                 help: take a reference, or what owns it, such as `String` or `Vec`";
    let options = "values = [a = 1, b = 2, c = 3]";
    assert_eq!(errors(options, "fn main(a: str, b: [u8], c: dyn Copy) {}"), [error, error, error]);
    assert!(errors(options, "fn main(a: &str, b: Box<[u8]>, c: r#impl::dynamic) {}").is_empty());
}

#[test]
fn the_body_is_not_parsed() {
    assert!(errors("", "fn main() { let x = ; }").is_empty());
}

#[test]
fn a_body_is_needed() {
    assert_eq!(errors("", "fn main() -> u8;"), ["expected a body: `fn main() { ... }`"]);
    assert!(contains(
        &expand("", "fn main() -> u8;"),
        "fn __godaemon_main() -> u8 { ::core::unimplemented!() }"
    ));
}

#[test]
fn a_main_is_left_beside_every_error() {
    for item in ["fn main(a: u8) -> u8 { a }", "const fn main(&self, ...) {}", "fn run() {}", "struct S;"] {
        assert!(contains(&expand("nonsense", item), "fn main()"), "{item}");
    }
}

#[test]
fn what_rustc_would_report_again_is_left_out() {
    let beside = expand("", "const unsafe extern \"C\" fn main(&self, a: u8, a: u8, ...) { body }");
    assert!(contains(&beside, "unsafe fn __godaemon_main(a: u8,) { body }"), "{beside}");
}
