//! The steps of the generated `main`: what becomes of each value, option, file and parameter.

use crate::bindings::{self, Binding, Source};
use crate::options::{Entry, Kind, Options, Setting};
use crate::tokens;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;

/// A closure, called at once, so that `?` can be used in the expression. It has the place of the expression, where rustc
/// says what it takes along.
fn attempt(expression: &TokenStream, body: &TokenStream) -> TokenStream {
    let here = Span::mixed_site().located_at(expression.span());
    quote_spanned!(here=> (|| -> __godaemon::Attempt<_> { #body })())
}

/// The expression as the type of its parameter, so that a mismatch is an error on the expression.
fn attempt_entry(entry: &Entry, bindings: &[Binding]) -> TokenStream {
    let annotation = bindings::type_of(entry, bindings).map(|ty| quote!(: #ty));
    let expression = &entry.value;
    // What the answer borrows is rustc's business on the expression, and so is an expression that never has a value.
    let here = Span::mixed_site().located_at(expression.span());
    let answer = quote_spanned!(here=> __godaemon::Ok(__godaemon_value));
    let body = quote_spanned!(Span::mixed_site()=> let __godaemon_value #annotation = #expression; #answer);
    attempt(expression, &body)
}

/// What the runtime has only for some options: each has a function of the option's name that adds it.
pub(super) fn parts(options: &Options) -> TokenStream {
    const WITH_PARTS: [&str; 5] = ["pid_file", "stdout", "stderr", "user", "group"];
    let captures = options.capture_output.iter();
    let settings = options.settings.iter().map(|setting| &setting.name);
    let has_part = |name: &&Ident| WITH_PARTS.iter().any(|part| name.unraw() == *part);
    let names = captures
        .chain(settings.filter(has_part))
        .map(|name| Ident::new(&name.unraw().to_string(), Span::mixed_site()));
    quote_spanned!(Span::mixed_site()=> __godaemon::Parts::NONE #(.#names())*)
}

pub(super) fn value(entry: &Entry, bindings: &[Binding]) -> TokenStream {
    let Entry { list, name, .. } = entry;
    let text = entry.text();
    let attempt = attempt_entry(entry, bindings);
    quote_spanned! {Span::mixed_site()=>
        let #name = __godaemon::Start::#list(&__godaemon_start, #text, #attempt);
    }
}

/// An option's expression is the argument itself, because the types of a closure are inferred from there. The methods
/// of `Options` take `self`, so no trait comes before them.
pub(super) fn builder(options: &Options, bindings: &[Binding]) -> TokenStream {
    let flag = |name: &Ident| {
        quote_spanned! {Span::mixed_site()=>
            let __godaemon_options = __godaemon_options.#name();
        }
    };
    let captures = options.capture_output.as_ref().map(flag);
    let waits = bindings
        .iter()
        .find(|binding| matches!(binding.source, Source::Ready))
        .map(|_| flag(&Ident::new("wait_for_ready", Span::mixed_site())));
    let settings = options.settings.iter().map(|Setting { name, value }| {
        let text = name.unraw().to_string();
        let call = quote_spanned!(Span::mixed_site()=> __godaemon_options.#name(#value));
        if tokens::is_closure(value) {
            // Cannot fail. Inside another closure rustc would not say that a `move` is missing.
            return quote_spanned!(Span::mixed_site()=> let __godaemon_options = #call;);
        }
        let body = quote_spanned!(Span::mixed_site()=> __godaemon::Ok(__godaemon::With(#call)));
        let attempt = attempt(value, &body);
        quote_spanned! {Span::mixed_site()=>
            let __godaemon_options = __godaemon::Start::option(&__godaemon_start, #text, #attempt);
        }
    });
    quote!(#captures #waits #(#settings)*)
}

/// The types of parameters are written out where a trait is asked of them: that puts the error on the user's type.
pub(super) fn open(entry: &Entry, bindings: &[Binding]) -> TokenStream {
    let Entry { list, name, .. } = entry;
    let ty = bindings::type_of(entry, bindings);
    let text = entry.text();
    let attempt = attempt_entry(entry, bindings);
    quote_spanned! {Span::mixed_site()=>
        let #name = __godaemon::Prepared::#list::<#ty>(&mut __godaemon_prepared, #text, #attempt);
    }
}

pub(super) fn hand_on(entry: &Entry, bindings: &[Binding]) -> TokenStream {
    let Entry { name, .. } = entry;
    let ty = bindings::type_of(entry, bindings);
    let text = entry.text();
    quote_spanned! {Span::mixed_site()=>
        __godaemon::Prepared::hand_on::<#ty>(&mut __godaemon_prepared, #text, #name);
    }
}

/// The variable that holds what a parameter receives.
pub(super) fn variable(source: Source) -> Ident {
    match source {
        Source::Entry(entry) => entry.name.clone(),
        handle => format_ident!("__godaemon_{}", handle.ident()),
    }
}

/// What the parameter receives out of the `Daemon`. A value is there already.
pub(super) fn take(binding: &Binding) -> TokenStream {
    let ty = &binding.parameter.input.ty;
    let found = match binding.source {
        Source::Entry(Entry { kind: Kind::Value, .. }) => return TokenStream::new(),
        Source::Entry(entry) => {
            let text = entry.text();
            quote_spanned! {Span::mixed_site()=>
                __godaemon::Start::take::<#ty>(&__godaemon_start, &mut __godaemon_daemon, #text)
            }
        }
        handle => {
            let handle = handle.ident();
            quote_spanned!(Span::mixed_site()=> __godaemon::#handle::<#ty>(&mut __godaemon_daemon))
        }
    };
    let variable = variable(binding.source);
    quote_spanned!(Span::mixed_site()=> let #variable = #found;)
}
