//! WRITE: a `main` beside an error, so that no error about a missing one follows, and so that faults in the
//! body of the user's function show as well.

use crate::errors::Errors;
use crate::function::{Function, INNER_NAME};
use crate::signature;
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::ext::IdentExt;
use syn::{FnArg, Pat, Safety, Signature};

/// The attribute stands on something else, or on another function: that stays as it is.
///
/// The `main` is imported, because one that the program has elsewhere then goes before it.
pub(crate) fn beside_item(errors: Errors, item: &TokenStream) -> TokenStream {
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

pub(crate) fn beside_function(errors: Errors, function: &Function) -> TokenStream {
    let name = &function.signature.ident;
    if name == INNER_NAME {
        // The `main` around it is that of an attribute further up.
        let errors = errors.into_compile_errors();
        let function = without_reported(function, name);
        quote!(#errors #function)
    } else if name.unraw() == "main" {
        let errors = errors.into_compile_errors();
        let function = without_reported(function, &Ident::new(INNER_NAME, name.span()));
        quote! {
            #errors
            #[allow(dead_code)]
            fn main() {
                #function
            }
        }
    } else {
        beside_item(errors, &without_reported(function, name))
    }
}

/// The function without what rustc would report once more.
fn without_reported(function: &Function, name: &Ident) -> TokenStream {
    let Function { attributes, visibility, signature, .. } = function;
    let attributes =
        attributes.iter().filter(|attribute| signature::runtime_for_main_alone(attribute).is_none());
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
    let parameters = parameters.map(|(_, input)| input);
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
