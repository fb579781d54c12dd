//! CHECK: what `main` may not be, and the parameters that it has.

use crate::errors::Errors;
use crate::function::{Function, INNER_NAME};
use crate::tokens;
use proc_macro2::Span;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Attribute, FnArg, Ident, Pat, PatType, Safety, Signature, Type};

/// A parameter of the user's `main`.
pub(crate) struct Parameter<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) ty: &'a Type,
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
    let signature = &function.signature;
    if !check_name(&signature.ident, errors) {
        return Vec::new();
    }
    check_async(function, errors);
    check_qualifiers(signature, errors);
    check_generics(signature, errors);
    let parameters = parameters(signature, errors);
    check_body(function, errors);
    parameters
}

/// Whether there is more to say of the function.
fn check_name(name: &Ident, errors: &mut Errors) -> bool {
    if name == INNER_NAME {
        // An attribute further up has renamed the function. The span is that of this attribute.
        let duplicate = syn::Error::new(Span::call_site(), "duplicate `godaemon::main` attribute");
        errors.add_error(duplicate);
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
    let Some(word) = &function.signature.asyncness else { return };
    let mut last_words = function.attributes.iter().filter_map(|attribute| attribute.path().segments.last());
    if !last_words.any(|word| word.ident == "main") {
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
            attribute.path(),
            format_args!("`{krate}::main` works on nothing but `main`, so not below `godaemon::main`"),
            format_args!("write `fn main` without it, and `{block_on}(async {{ ... }})` in the body"),
        );
    }
    if is_test(attribute) {
        errors.add(attribute.path(), "`main` cannot be a test under the `godaemon::main` attribute");
    }
}

fn runtime_for_main_alone(attribute: &Attribute) -> Option<&'static (&'static str, &'static str)> {
    let mut words = attribute.path().segments.iter().rev();
    let is_main = words.next()?.ident == "main";
    let krate = &words.next()?.ident;
    RUNTIMES_FOR_MAIN_ALONE.iter().find(|(name, _)| is_main && krate == name)
}

fn is_test(attribute: &Attribute) -> bool {
    let last = attribute.path().segments.last();
    last.is_some_and(|word| word.ident == "test" || word.ident == "bench")
}

fn check_qualifiers(signature: &Signature, errors: &mut Errors) {
    let mut forbid = |word: &dyn ToTokens| {
        let name = word.to_token_stream();
        errors.add(word, format_args!("`main` cannot be `{name}` under the `godaemon::main` attribute"));
    };
    if let Some(word) = &signature.constness {
        forbid(word);
    }
    if let Safety::Unsafe(word) = &signature.safety {
        forbid(word);
    }
    if let Some(abi) = &signature.abi {
        forbid(abi);
    }
}

fn check_generics(signature: &Signature, errors: &mut Errors) {
    let generics = &signature.generics;
    if !generics.params.is_empty() {
        errors.add(generics, "`main` cannot have generic parameters");
    }
    if let Some(clause) = &generics.where_clause {
        errors.add(&clause.where_token, "`main` cannot have a `where` clause");
    }
}

fn parameters<'a>(signature: &'a Signature, errors: &mut Errors) -> Vec<Parameter<'a>> {
    let mut parameters: Vec<Parameter> = Vec::new();
    for input in &signature.inputs {
        match input {
            FnArg::Receiver(receiver) => {
                errors.add(&receiver.self_token, "`main` cannot have a `self` parameter");
            }
            FnArg::Typed(typed) => parameters.extend(parameter(typed, errors)),
        }
    }
    if let Some(variadic) = &signature.variadic {
        errors.add(&variadic.dots, "`main` cannot have a variable number of parameters");
    }
    parameters
}

fn parameter<'a>(typed: &'a PatType, errors: &mut Errors) -> Option<Parameter<'a>> {
    let conditional = typed.attrs.iter().find(|a| a.path().is_ident("cfg") || a.path().is_ident("cfg_attr"));
    if let Some(attribute) = conditional {
        errors.add(attribute, "a parameter of `main` cannot be conditional");
    }
    if tokens::has_keyword(&typed.ty.to_token_stream(), "impl") {
        errors.add(&typed.ty, "a parameter of `main` needs a concrete type");
    } else if is_unsized(&typed.ty) {
        errors.add_with_help(
            &typed.ty,
            "a parameter of `main` needs a type of known size",
            "take a reference, or what owns it, such as `String` or `Vec`",
        );
    }
    match &*typed.pat {
        Pat::Ident(pattern) if pattern.by_ref.is_none() && pattern.subpat.is_none() => {
            Some(Parameter { ident: &pattern.ident, ty: &typed.ty })
        }
        pattern => {
            errors.add(pattern, "expected a plain parameter name");
            None
        }
    }
}

/// rustc would report this on the attribute.
fn check_body(function: &Function, errors: &mut Errors) {
    if !function.has_body() {
        errors.add(&function.body, "expected a body: `fn main() { ... }`");
    }
}

/// As far as can be seen without knowing what names mean.
pub(crate) fn is_unsized(ty: &Type) -> bool {
    match ty {
        Type::Slice(_) | Type::TraitObject(_) => true,
        Type::Path(path) => path.path.is_ident("str"),
        _ => false,
    }
}
