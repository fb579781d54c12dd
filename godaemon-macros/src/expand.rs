//! WRITE: the new `main`, around the user's.
//!
//! What is written here has the span `mixed_site`: its variables are invisible to the user's expressions, its
//! items are not, and lints leave it alone. What the user wrote keeps its own span.

mod steps;

use crate::bindings::Binding;
use crate::function::{Function, INNER_NAME};
use crate::options::{Kind, Options};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Attribute, ReturnType, Signature, Type};

pub(crate) fn expand(options: &Options, function: &Function, bindings: &[Binding]) -> TokenStream {
    let (outer_attributes, inner_attributes): (Vec<_>, Vec<_>) =
        function.attributes.iter().partition(|attribute| belongs_outside(attribute));
    let Function { visibility, signature, body, .. } = function;
    let Signature { asyncness, fn_token, ident, inputs, output, .. } = signature;
    let inner_name = Ident::new(INNER_NAME, Span::mixed_site().located_at(ident.span()));
    let parameters = function.in_parentheses(&inputs.to_token_stream());
    let no_parameters = function.in_parentheses(&TokenStream::new());

    let krate = &options.krate;
    let before_main = before_main();
    let values = options.entries(Kind::Value).map(|entry| steps::value(entry, bindings));
    let builder = steps::builder(options, bindings);
    let open = options.entries(Kind::File).map(|entry| steps::open(entry, bindings));
    let hand_on = options.entries(Kind::File).map(|entry| steps::hand_on(entry, bindings));
    let take = bindings.iter().map(steps::take);
    let arguments = bindings.iter().map(|binding| binding.source.variable());
    let call = quote_spanned!(Span::mixed_site()=> #inner_name(#(#arguments),*));
    let finish = if never_returns(output) { call } else { report_outcome(&call) };

    let main_body = quote_spanned! {Span::mixed_site()=> {
        // Named once, so that a wrong path is one error.
        use #krate::{Options as __Options, __private as __godaemon};
        #before_main

        #(#inner_attributes)*
        // How many parameters there are follows from the options.
        #[allow(clippy::too_many_arguments)]
        #asyncness #fn_token #inner_name #parameters #output #body

        let start = __godaemon::Start::new();
        #(#values)*
        let mut daemon = if start.is_parent() {
            let options = __Options::new();
            #builder
            let mut prepared = start.prepare(options);
            #(#open)*
            #(#hand_on)*
            prepared.daemonize()
        } else {
            start.settle()
        };
        #(#take)*
        ::core::mem::drop(daemon); // with it goes what no parameter takes
        #finish
    }};
    // `fn main` itself has the user's span: there editors put their run button.
    quote!(#(#outer_attributes)* #visibility #fn_token #ident #no_parameters #output #main_body)
}

/// Documentation is that of `main`; lint levels are for all that the user wrote, the attribute's expressions included.
///
/// `cfg` and `cfg_attr` are never seen here: the compiler is done with them first, and with them this attribute.
fn belongs_outside(attribute: &Attribute) -> bool {
    ["doc", "allow", "expect", "warn", "deny", "forbid"].iter().any(|name| attribute.path().is_ident(name))
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

fn never_returns(output: &ReturnType) -> bool {
    matches!(output, ReturnType::Type(_, ty) if matches!(**ty, Type::Never(_)))
}

/// The text of an error is told here, where its type is known. Method resolution finds the best way to tell it:
/// one `&` is left off for each way that the type does not have.
fn report_outcome(call: &TokenStream) -> TokenStream {
    quote_spanned! {Span::mixed_site()=>
        let result = #call;
        {
            use __godaemon::outcome::*;
            (&&&&&__godaemon::outcome::Outcome(&result)).report();
        }
        result
    }
}
