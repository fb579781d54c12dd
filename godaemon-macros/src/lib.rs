//! The attribute `#[godaemon::main]`. Depend on the crate `godaemon`, which re-exports it.
//!
//! One file per phase: PARSE (`options`, `function`), CHECK (`signature`, `bindings`), WRITE (`expand`, or
//! `fallback` beside errors). Errors are collected within a phase and reported together.

mod bindings;
mod errors;
mod expand;
mod extent;
mod fallback;
mod function;
mod options;
mod signature;
mod suggest;
#[cfg(test)]
mod tests;
mod tokens;

use crate::errors::Errors;
use proc_macro::TokenStream;

// The documentation is on the re-export in `godaemon`, where its examples are compiled. Editors show what stands here
// alone, and rustdoc shows it behind the other.
#[doc = include_str!("in_short.md")]
#[proc_macro_attribute]
pub fn main(options: TokenStream, item: TokenStream) -> TokenStream {
    attribute(options.into(), item.into()).into()
}

fn attribute(options: proc_macro2::TokenStream, item: proc_macro2::TokenStream) -> proc_macro2::TokenStream {
    let mut errors = Errors::default();

    let options = options::read(options, &mut errors);
    let Some(function) = function::parse(&item, &mut errors) else {
        return fallback::beside_unparsed(errors, &item);
    };
    let parameters = signature::check(&function, &mut errors);
    if !errors.is_empty() {
        return fallback::beside_function(errors, &function, &item);
    }

    // Only now: a parameter cannot be judged by options that were not understood.
    let bindings = bindings::check(&options, &parameters, &mut errors);
    if !errors.is_empty() {
        return fallback::beside_function(errors, &function, &item);
    }

    expand::expand(&options, &function, &bindings)
}
