//! The steps of the generated `main`: what becomes of each value, option, file and parameter.

use crate::bindings::{self, Binding, Source};
use crate::options::{Entry, Kind, Options, Setting};
use crate::tokens;
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;

/// A closure, called at once, so that `?` can be used in the expression.
fn attempt(body: &TokenStream) -> TokenStream {
    quote_spanned! {Span::mixed_site()=>
        (|| -> ::core::result::Result<_, ::std::boxed::Box<dyn ::core::error::Error>> { #body })()
    }
}

/// The expression as the type of its parameter, so that a mismatch is an error on the expression.
fn attempt_entry(entry: &Entry, bindings: &[Binding]) -> TokenStream {
    let annotation = bindings::type_of(entry, bindings).map(|ty| quote!(: #ty));
    let expression = &entry.value;
    let value = quote_spanned!(Span::mixed_site()=> let value #annotation = #expression;);
    // Returning what borrows is an error on the expression, too.
    let here = Span::mixed_site().located_at(expression.span());
    let ok = quote_spanned!(here=> ::core::result::Result::Ok(value));
    attempt(&quote!(#value #ok))
}

pub(super) fn value(entry: &Entry, bindings: &[Binding]) -> TokenStream {
    let Entry { name, .. } = entry;
    let text = entry.text();
    let attempt = attempt_entry(entry, bindings);
    quote_spanned!(Span::mixed_site()=> let #name = start.value(#text, #attempt);)
}

/// An option's expression is the argument itself, because the types of a closure are inferred from there.
pub(super) fn builder(options: &Options, bindings: &[Binding]) -> TokenStream {
    let captures = options
        .capture_output
        .as_ref()
        .map(|name| quote_spanned!(Span::mixed_site()=> let options = options.#name();));
    let waits = bindings
        .iter()
        .find(|binding| matches!(binding.source, Source::Ready))
        .map(|_| quote_spanned!(Span::mixed_site()=> let options = options.wait_for_ready();));
    let settings = options.settings.iter().map(|Setting { name, value }| {
        let text = name.unraw().to_string();
        let call = quote_spanned!(Span::mixed_site()=> options.#name(#value));
        if tokens::is_closure(value) {
            // Cannot fail. Inside another closure rustc would not say that a `move` is missing.
            return quote_spanned!(Span::mixed_site()=> let options = #call;);
        }
        let attempt = attempt(&quote_spanned!(Span::mixed_site()=> ::core::result::Result::Ok(#call)));
        quote_spanned!(Span::mixed_site()=> let options = start.option(#text, #attempt);)
    });
    quote!(#captures #waits #(#settings)*)
}

/// The types of parameters are written out where a trait is asked of them: that puts the error on the user's type.
pub(super) fn open(entry: &Entry, bindings: &[Binding]) -> TokenStream {
    let Entry { name, .. } = entry;
    let ty = bindings::type_of(entry, bindings);
    let text = entry.text();
    let attempt = attempt_entry(entry, bindings);
    quote_spanned!(Span::mixed_site()=> let #name = prepared.file::<#ty>(#text, #attempt);)
}

pub(super) fn hand_on(entry: &Entry, bindings: &[Binding]) -> TokenStream {
    let Entry { name, .. } = entry;
    let ty = bindings::type_of(entry, bindings);
    let text = entry.text();
    quote_spanned!(Span::mixed_site()=> prepared.hand_on::<#ty>(#text, #name);)
}

/// What the parameter receives out of the `Daemon`. A value is there already.
pub(super) fn take(binding: &Binding) -> TokenStream {
    let ty = binding.parameter.ty;
    let found = match binding.source {
        Source::Entry(Entry { kind: Kind::Value, .. }) => return TokenStream::new(),
        Source::Entry(entry) => {
            let text = entry.text();
            quote_spanned!(Span::mixed_site()=> start.take::<#ty>(&mut daemon, #text))
        }
        Source::Stdout => {
            quote_spanned!(Span::mixed_site()=> __godaemon::reader::<#ty>(daemon.take_stdout()))
        }
        Source::Stderr => {
            quote_spanned!(Span::mixed_site()=> __godaemon::reader::<#ty>(daemon.take_stderr()))
        }
        Source::Ready => quote_spanned!(Span::mixed_site()=> __godaemon::ready::<#ty>(daemon.take_ready())),
    };
    let variable = binding.source.variable();
    quote_spanned!(Span::mixed_site()=> let #variable = #found;)
}
