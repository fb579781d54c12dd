//! CHECK: what `main` may not be, and the parameters that it has.

use crate::errors::Errors;
use crate::function::{Attribute, Function, INNER_NAME, Input};
use crate::tokens;
use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;

/// A parameter of the user's `main`.
pub(crate) struct Parameter<'a> {
    pub(crate) ident: Ident,
    pub(crate) input: &'a Input,
}

impl Parameter<'_> {
    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.ident.unraw() == name
    }

    /// The parameter `_lock` receives `lock`.
    pub(crate) fn receives(&self, name: &str) -> bool {
        self.is_called(name) || self.ident.unraw().to_string().strip_prefix('_') == Some(name)
    }
}

/// Reports all faults together.
pub(crate) fn check<'a>(function: &'a Function, errors: &mut Errors) -> Vec<Parameter<'a>> {
    if !check_name(&function.ident, errors) {
        return Vec::new();
    }
    check_async(function, errors);
    check_qualifiers(function, errors);
    check_generics(function, errors);
    let parameters = parameters(function, errors);
    check_body(function, errors);
    parameters
}

/// Whether there is more to say of the function.
fn check_name(name: &Ident, errors: &mut Errors) -> bool {
    if name == INNER_NAME {
        // An attribute further up has renamed the function. The span is that of this attribute.
        errors.add_error(syn::Error::new(Span::call_site(), "duplicate `godaemon::main` attribute"));
    } else if name.unraw() != "main" {
        let message = "the `godaemon::main` attribute belongs on `fn main`";
        errors.add(name, format_args!("{message}, not on `fn {name}`"));
        return false;
    }
    true
}

fn check_async(function: &Function, errors: &mut Errors) {
    for attribute in &function.attributes {
        check_below(attribute, errors);
    }
    let Some(word) = &function.asyncness else { return };
    let mut last_words = function.attributes.iter().filter_map(|attribute| attribute.words().pop());
    if !last_words.any(|word| word == "main") {
        errors.add_with_help(
            word,
            "`async fn main` has no runtime to run on",
            "add the attribute of a runtime, such as `#[tokio::main]`, below `#[godaemon::main]`",
        );
    }
}

/// Attributes that refuse every function but `main`, which the user's is not any more, and in a way that rustc does not
/// get to show; and what to call instead.
const RUNTIMES_FOR_MAIN_ALONE: [(&str, &str); 2] =
    [("async_std", "async_std::task::block_on"), ("smol_potat", "smol::block_on")];

/// Whether the attribute cannot stand below, which is reported here and by nobody else if it is left out.
pub(crate) fn is_impossible(attribute: &Attribute) -> bool {
    runtime_for_main_alone(attribute).is_some() || is_test(attribute)
}

fn check_below(attribute: &Attribute, errors: &mut Errors) {
    if let Some((krate, block_on)) = runtime_for_main_alone(attribute) {
        errors.add_with_help(
            &attribute.path,
            format_args!("`{krate}::main` works on nothing but `main`, so not below `godaemon::main`"),
            format_args!("write `fn main` without it, and `{block_on}(async {{ ... }})` in the body"),
        );
    }
    if is_test(attribute) {
        errors.add(&attribute.path, "`main` cannot be a test under the `godaemon::main` attribute");
    }
}

fn runtime_for_main_alone(attribute: &Attribute) -> Option<&'static (&'static str, &'static str)> {
    let mut words = attribute.words();
    let is_main = words.pop()? == "main";
    let krate = words.pop()?;
    RUNTIMES_FOR_MAIN_ALONE.iter().find(|(name, _)| is_main && krate == name)
}

fn is_test(attribute: &Attribute) -> bool {
    attribute.words().last().is_some_and(|word| word == "test" || word == "bench")
}

fn check_qualifiers(function: &Function, errors: &mut Errors) {
    let Function { constness, unsafety, abi, .. } = function;
    for word in [constness.to_token_stream(), unsafety.to_token_stream(), abi.clone()] {
        if !word.is_empty() {
            errors.add(&word, format_args!("`main` cannot be `{word}` under the `godaemon::main` attribute"));
        }
    }
}

fn check_generics(function: &Function, errors: &mut Errors) {
    let Function { generics, where_clause, .. } = function;
    if generics.clone().into_iter().count() > "<>".len() {
        errors.add(generics, "`main` cannot have generic parameters");
    }
    if let Some(word) = where_clause.clone().into_iter().next() {
        errors.add(&word, "`main` cannot have a `where` clause");
    }
}

fn parameters<'a>(function: &'a Function, errors: &mut Errors) -> Vec<Parameter<'a>> {
    function.inputs.iter().filter_map(|input| parameter(input, errors)).collect()
}

fn parameter<'a>(input: &'a Input, errors: &mut Errors) -> Option<Parameter<'a>> {
    let Input { attributes, pattern, ty, .. } = input;
    if let Some(word) = input.receiver() {
        errors.add(&word, "`main` cannot have a `self` parameter");
        return None;
    }
    if let Some(dots) = input.dots() {
        errors.add(dots, "`main` cannot have a variable number of parameters");
        return None;
    }
    if let Some(attribute) =
        attributes.iter().find(|attribute| attribute.is("cfg") || attribute.is("cfg_attr"))
    {
        errors.add(attribute, "a parameter of `main` cannot be conditional");
    }
    if tokens::has_keyword(ty, "impl") {
        errors.add(ty, "a parameter of `main` needs a concrete type");
    } else if is_unsized(ty) {
        errors.add_with_help(
            ty,
            "a parameter of `main` needs a type of known size",
            "take a reference, or what owns it, such as `String` or `Vec`",
        );
    }
    let name = input.name();
    if name.is_none() {
        errors.add(pattern, "expected a plain parameter name");
    }
    name.map(|ident| Parameter { ident, input })
}

/// rustc would report this on the attribute.
fn check_body(function: &Function, errors: &mut Errors) {
    if !function.has_body() {
        errors.add(&function.body, "expected a body: `fn main() { ... }`");
    }
}

/// As far as can be seen without knowing what names mean: `str`, `[T]`, `dyn Trait`.
pub(crate) fn is_unsized(ty: &TokenStream) -> bool {
    let tokens: Vec<_> = ty.clone().into_iter().collect();
    match &tokens[..] {
        [TokenTree::Ident(word)] => word == "str",
        [TokenTree::Group(group)] if group.delimiter() == Delimiter::Bracket => {
            let is_semicolon = |token| matches!(token, TokenTree::Punct(sign) if sign.as_char() == ';');
            !group.stream().into_iter().any(is_semicolon)
        }
        [TokenTree::Ident(word), ..] => word == "dyn",
        _ => false,
    }
}
