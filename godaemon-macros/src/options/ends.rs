//! Where an option, or an entry of a list, ends, and what begins there: also in faulty ones.

use super::OPTIONS;
use crate::extent;
use proc_macro2::{TokenStream, TokenTree};
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Ident, Result, Token};

/// Whether the next word is that of an option.
pub(super) fn is_option(input: ParseStream) -> bool {
    let word = input.fork().call(Ident::parse_any).map(|name| name.unraw().to_string());
    word.is_ok_and(|word| OPTIONS.iter().any(|(known, _)| *known == word))
}

/// Whether `name =` comes next.
pub(super) fn is_entry(list: ParseStream) -> bool {
    list.peek(Ident) && is_word_with_equals(list)
}

/// The same with any word, which may be no name.
pub(super) fn is_word_with_equals(list: ParseStream) -> bool {
    list.peek(Ident::peek_any) && list.peek2(Token![=]) && !list.peek2(Token![==]) && !list.peek2(Token![=>])
}

/// Whether `name: Type` comes next.
pub(super) fn is_typed(list: ParseStream) -> bool {
    list.peek(Ident) && list.peek2(Token![:]) && !list.peek2(Token![::])
}

/// `: Type`, or what stands there instead up to the next `=` or comma.
pub(super) fn annotation(list: ParseStream) -> Result<TokenStream> {
    let colon: Token![:] = list.parse()?;
    let ty = if_there(extent::ty, list)?;
    let mut annotation = quote!(#colon #ty);
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
    let mut value = if_there(extent::expression, input)?;
    value.extend(rest(input)?);
    Ok(value)
}

/// Nothing, and not an error, where something else is.
fn if_there(read: fn(ParseStream) -> Result<TokenStream>, input: ParseStream) -> Result<TokenStream> {
    if read(&input.fork()).is_ok() { read(input) } else { Ok(TokenStream::new()) }
}

/// Up to the next comma.
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
