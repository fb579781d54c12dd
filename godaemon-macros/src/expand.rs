//! WRITE: the new `main`, around the user's.
//!
//! What is written here has the span `mixed_site`: its variables are invisible to the user's expressions, its
//! items are not, and lints leave it alone. What the user wrote keeps its own span.
//!
//! It has to mean the same wherever it comes to stand. So every name of its own begins with `__godaemon`: a constant
//! called as a variable here would make a pattern of it. Every path begins at the user's `crate`: the prelude may be
//! another, and so may `std`. And nothing is a method call that a trait of the user's could answer first, as one for
//! every `self` answers before a method of `&self` does.

mod steps;

use crate::bindings::Binding;
use crate::function::{Attribute, Function, INNER_NAME};
use crate::options::{Kind, Options};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Result, Token, parenthesized, token};

/// So many parameters clippy allows by itself.
const CLIPPYS_LIMIT: usize = 7;

pub(crate) fn expand(options: &Options, function: &Function, bindings: &[Binding]) -> TokenStream {
    let (outer_attributes, inner_attributes): (Vec<_>, Vec<_>) =
        function.attributes.iter().partition(|attribute| belongs_outside(attribute));
    let Function { visibility, asyncness, fn_token, ident, inputs, output, body, .. } = function;
    let inner_name = Ident::new(INNER_NAME, Span::mixed_site().located_at(ident.span()));
    let inner_fn = Ident::new("fn", Span::mixed_site().located_at(fn_token.span));
    let parameters = function.in_parentheses(&quote!(#inputs));
    let no_parameters = function.in_parentheses(&TokenStream::new());

    let names = names(&options.krate);
    let before_main = before_main();
    let parts = steps::parts(options);
    let values = options.entries(Kind::Value).map(|entry| steps::value(entry, bindings));
    let builder = steps::builder(options, bindings);
    let open = options.entries(Kind::File).map(|entry| steps::open(entry, bindings));
    let hand_on = options.entries(Kind::File).map(|entry| steps::hand_on(entry, bindings));
    let take = bindings.iter().map(steps::take);
    let arguments = bindings.iter().map(|binding| steps::variable(binding.source));
    let call = quote_spanned!(Span::mixed_site()=> #inner_name(#(#arguments),*));
    let finish = if never_returns.parse2(output.clone()).is_ok() { call } else { report_outcome(&call) };
    // How many parameters there are follows from the options.
    let many = (inputs.len() > CLIPPYS_LIMIT)
        .then(|| quote_spanned!(Span::mixed_site()=> #[allow(clippy::too_many_arguments)]));

    let main_body = quote_spanned! {Span::mixed_site()=> {
        #names
        #before_main

        #(#inner_attributes)*
        #many
        #asyncness #inner_fn #inner_name #parameters #output #body

        let __godaemon_start = __godaemon::Start::new(#parts);
        #(#values)*
        let mut __godaemon_daemon = if __godaemon::Start::is_parent(&__godaemon_start) {
            let __godaemon_options = __GodaemonOptions::new();
            #builder
            let mut __godaemon_prepared = __godaemon::Start::prepare(&__godaemon_start, __godaemon_options);
            #(#open)*
            #(#hand_on)*
            __godaemon::Prepared::daemonize(__godaemon_prepared)
        } else {
            __godaemon::Start::settle(&__godaemon_start)
        };
        #(#take)*
        __godaemon::drop(__godaemon_daemon); // with it goes what no parameter takes
        #finish
    }};
    // `fn main` itself has the user's span: there editors put their run button.
    quote!(#(#outer_attributes)* #visibility #fn_token #ident #no_parameters #output #main_body)
}

/// Documentation, and what is said to callers, is that of `main`; lint levels are for all that the user wrote, the
/// attribute's expressions included.
///
/// `cfg` and `cfg_attr` are never seen here: the compiler is done with them first, and with them this attribute.
fn belongs_outside(attribute: &Attribute) -> bool {
    const NAMES: [&str; 8] = ["doc", "deprecated", "must_use", "allow", "expect", "warn", "deny", "forbid"];
    NAMES.iter().any(|name| attribute.is(name))
}

/// What the rest needs of this crate, named once, so that a wrong path is one error: on the path, if the user gave one.
fn names(krate: &TokenStream) -> TokenStream {
    let here = Span::mixed_site().located_at(krate.span());
    quote_spanned!(here=> use #krate::{Options as __GodaemonOptions, __private as __godaemon};)
}

/// Recognises the stage before anything else runs. Elsewhere `Start::new` does it.
fn before_main() -> TokenStream {
    quote_spanned! {Span::mixed_site()=>
        #[cfg(all(target_os = "linux", target_env = "gnu"))]
        const _: () = {
            #[used]
            #[unsafe(link_section = ".preinit_array")]
            static BEFORE_MAIN: __godaemon::BeforeMain = __godaemon::before_main;
        };
    }
}

/// `-> !`, perhaps in parentheses.
fn never_returns(output: ParseStream) -> Result<()> {
    output.parse::<Token![->]>()?;
    never(output)
}

fn never(ty: ParseStream) -> Result<()> {
    if ty.peek(token::Paren) {
        let content;
        parenthesized!(content in ty);
        return never(&content);
    }
    ty.parse::<Token![!]>().map(|_| ())
}

/// The text of an error is told here, where its type is known. Method resolution finds the best way to tell it:
/// one `&` is left off for each way that the type does not have.
fn report_outcome(call: &TokenStream) -> TokenStream {
    quote_spanned! {Span::mixed_site()=>
        let __godaemon_result = #call;
        {
            use __godaemon::outcome::*;
            (&&&&&__godaemon::outcome::Outcome(&__godaemon_result)).__godaemon_report();
        }
        __godaemon_result
    }
}
