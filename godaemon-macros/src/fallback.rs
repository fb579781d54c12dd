//! WRITE: a `main` beside an error, so that no error about a missing one follows, and so that faults in the
//! body of the user's function show as well.

use crate::errors::Errors;
use crate::function::{Function, INNER_NAME};
use crate::signature;
use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{FnArg, Pat, PatType, Safety, Signature};

/// What was not understood stays as it is. But a `main` goes into another one: with parameters it would be an error of
/// its own.
pub(crate) fn beside_unparsed(errors: Errors, item: &TokenStream) -> TokenStream {
    let mut tokens: Vec<TokenTree> = item.clone().into_iter().collect();
    let is_fn_main = |pair: &[TokenTree]| match pair {
        [TokenTree::Ident(word), TokenTree::Ident(name)] => word == "fn" && name == "main",
        _ => false,
    };
    let Some(at) = tokens.windows(2).position(is_fn_main) else {
        return beside_item(errors, item);
    };
    if let Some(name) = tokens.get_mut(at + 1) {
        *name = Ident::new(INNER_NAME, name.span()).into();
    }
    inside_main(errors, &tokens.into_iter().collect())
}

pub(crate) fn beside_function(errors: Errors, function: &Function) -> TokenStream {
    let name = &function.signature.ident;
    if name == INNER_NAME {
        // The `main` around it is that of an attribute further up.
        let errors = errors.into_compile_errors();
        let function = without_reported(function, name);
        quote!(#errors #function)
    } else if name.unraw() == "main" {
        inside_main(errors, &without_reported(function, &Ident::new(INNER_NAME, name.span())))
    } else {
        let Function { attributes, visibility, signature, body } = function;
        let function = quote!(#(#attributes)* #visibility #signature #body);
        if matches!(signature.inputs.first(), Some(FnArg::Receiver(_))) {
            // It is a method, and beside it nothing else can stand.
            let errors = errors.into_compile_errors();
            quote!(#errors #function)
        } else {
            beside_item(errors, &function)
        }
    }
}

/// The attribute stands on something else, or on another function.
///
/// The `main` is imported, because one that the program has elsewhere then goes before it.
fn beside_item(errors: Errors, item: &TokenStream) -> TokenStream {
    let errors = errors.into_compile_errors();
    quote! {
        #errors
        #item
        #[doc(hidden)]
        mod __godaemon_fallback {
            pub fn main() {}
        }
        #[allow(unused_imports)]
        use __godaemon_fallback::*;
    }
}

fn inside_main(errors: Errors, function: &TokenStream) -> TokenStream {
    let errors = errors.into_compile_errors();
    quote! {
        #errors
        #[allow(dead_code)]
        fn main() {
            #function
        }
    }
}

/// The function without what rustc would report once more.
fn without_reported(function: &Function, name: &Ident) -> TokenStream {
    let Function { attributes, visibility, signature, .. } = function;
    let attributes = attributes.iter().filter(|attribute| !signature::is_impossible(attribute));
    let body = if function.has_body() { function.body.clone() } else { quote!({ ::core::unimplemented!() }) };
    let Signature { asyncness, fn_token, generics, output, .. } = signature;
    let where_clause = &generics.where_clause;
    let safety = match &signature.safety {
        Safety::Unsafe(word) => Some(word), // the body may need it
        Safety::Safe(_) | Safety::Default => None,
    };

    let parameters =
        signature.inputs.pairs().enumerate().filter(|(at, input)| match name_of(input.value()) {
            Some(name) => !signature.inputs.iter().take(*at).any(|earlier| name_of(earlier) == Some(name)),
            None => !matches!(input.value(), FnArg::Receiver(_)),
        });
    let parameters = parameters.map(|(_, input)| match input.value() {
        FnArg::Typed(typed) if signature::is_unsized(&typed.ty) => {
            let (PatType { pat, ty, .. }, comma) = (typed, input.punct());
            quote!(#pat: &#ty #comma)
        }
        _ => input.to_token_stream(),
    });
    let parameters = function.in_parentheses(&quote!(#(#parameters)*));
    quote! {
        #(#attributes)* #visibility #asyncness #safety #fn_token #name #generics #parameters #output #where_clause #body
    }
}

fn name_of(input: &FnArg) -> Option<&Ident> {
    match input {
        FnArg::Typed(typed) => match &*typed.pat {
            Pat::Ident(pattern) => Some(&pattern.ident),
            _ => None,
        },
        FnArg::Receiver(_) => None,
    }
}
