//! Where an option, or an entry of a list, ends, and what begins there: also in faulty ones.

use super::OPTIONS;
use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Expr, Ident, Result, Token, Type};

/// Whether the next word is that of an option.
pub(super) fn is_option(input: ParseStream) -> bool {
    let word = input.fork().call(Ident::parse_any).map(|name| name.unraw().to_string());
    word.is_ok_and(|word| OPTIONS.iter().any(|(known, _)| *known == word))
}

/// Whether `name =` comes next.
pub(super) fn is_entry(list: ParseStream) -> bool {
    list.peek(Ident) && list.peek2(Token![=]) && !list.peek2(Token![==]) && !list.peek2(Token![=>])
}

/// Whether `name: Type` comes next.
pub(super) fn is_typed(list: ParseStream) -> bool {
    list.peek(Ident) && list.peek2(Token![:]) && !list.peek2(Token![::])
}

/// `: Type`, or what stands there instead up to the next `=` or comma.
pub(super) fn annotation(list: ParseStream) -> Result<TokenStream> {
    let mut annotation = TokenStream::new();
    list.parse::<Token![:]>()?.to_tokens(&mut annotation);
    if list.fork().parse::<Type>().is_ok() {
        list.parse::<Type>()?.to_tokens(&mut annotation);
    }
    while !at_end(list) && !list.peek(Token![=]) {
        annotation.extend([list.parse::<TokenTree>()?]);
    }
    Ok(annotation)
}

/// `=`, and no longer sign.
pub(super) fn read_equals(input: ParseStream) -> Result<bool> {
    if input.peek(Token![==]) || input.peek(Token![=>]) {
        return Ok(false);
    }
    Ok(input.parse::<Option<Token![=]>>()?.is_some())
}

pub(super) fn at_end(input: ParseStream) -> bool {
    input.is_empty() || input.peek(Token![,])
}

/// What stands where something else was expected, up to the comma behind it, which may have others in it.
pub(super) fn value(input: ParseStream) -> Result<TokenStream> {
    let mut value = TokenStream::new();
    if input.fork().parse::<Expr>().is_ok() {
        value.extend(input.parse::<Expr>()?.into_token_stream());
    }
    value.extend(rest(input)?);
    Ok(value)
}

/// The words up to the next comma.
pub(super) fn rest(input: ParseStream) -> Result<TokenStream> {
    let mut rest = TokenStream::new();
    while !at_end(input) {
        rest.extend([input.parse::<TokenTree>()?]);
    }
    Ok(rest)
}

/// What belongs to an option or entry that has been reported.
pub(super) fn skip_value(input: ParseStream) -> Result<()> {
    read_equals(input)?;
    if !at_end(input) {
        value(input)?;
    }
    Ok(())
}
