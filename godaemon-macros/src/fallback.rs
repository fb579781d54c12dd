//! WRITE: a `main` beside an error, so that no error about a missing one follows, and so that faults in the
//! body of the user's function show as well.

use crate::errors::Errors;
use crate::function::{Function, INNER_NAME, Input};
use crate::signature;
use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;

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

pub(crate) fn beside_function(errors: Errors, function: &Function, item: &TokenStream) -> TokenStream {
    let name = &function.ident;
    if name == INNER_NAME {
        // The `main` around it is that of an attribute further up.
        let errors = errors.into_compile_errors();
        let function = without_reported(function, name);
        quote!(#errors #function)
    } else if name.unraw() == "main" {
        inside_main(errors, &without_reported(function, &Ident::new(INNER_NAME, name.span())))
    } else if function.inputs.first().is_some_and(|input| input.receiver().is_some()) {
        // It is a method, and beside it nothing else can stand.
        let errors = errors.into_compile_errors();
        quote!(#errors #item)
    } else {
        beside_item(errors, item)
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
    let Function { visibility, asyncness, unsafety, fn_token, generics, output, where_clause, .. } = function;
    let attributes = function.attributes.iter().filter(|attribute| !signature::is_impossible(attribute));
    let body = if function.has_body() { function.body.clone() } else { quote!({ ::core::unimplemented!() }) };
    let inputs = &function.inputs;
    let is_alone = |at: usize, input: &Input| {
        let name = input.name().map(|name| name.to_string());
        let mut earlier = inputs.iter().take(at).filter_map(Input::name);
        !earlier.any(|earlier| name.as_ref().is_some_and(|name| earlier == name))
    };
    let can_stay = |input: &Input| input.receiver().is_none() && input.dots().is_none();
    let parameters = inputs
        .pairs()
        .enumerate()
        .filter(|(at, input)| can_stay(input.value()) && is_alone(*at, input.value()));
    let parameters = parameters.map(|(_, input)| {
        let (Input { pattern, ty, .. }, comma) = (input.value(), input.punct());
        if signature::is_unsized(ty) { quote!(#pattern: &#ty #comma) } else { input.to_token_stream() }
    });
    let parameters = function.in_parentheses(&quote!(#(#parameters)*));
    quote! {
        #(#attributes)* #visibility #asyncness #unsafety #fn_token #name #generics #parameters #output #where_clause #body
    }
}
