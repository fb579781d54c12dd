//! Looking for a name in tokens that are not parsed any further.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::ext::IdentExt;

/// Whether `name` occurs in the tokens, as an identifier or in a literal: `"{name}"` may be a format string.
///
/// A literal that is none makes this answer yes too often. Then rustc warns of the unused variable.
pub(crate) fn mention(tokens: &TokenStream, name: &str) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Group(group) => mention(&group.stream(), name),
        TokenTree::Ident(ident) => ident.unraw() == name,
        TokenTree::Literal(literal) => literal.to_string().contains(name),
        TokenTree::Punct(_) => false,
    })
}

/// Whether there is nothing but this word.
pub(crate) fn is_word(tokens: &TokenStream, word: &str) -> bool {
    let mut tokens = tokens.clone().into_iter();
    matches!(tokens.next(), Some(TokenTree::Ident(first)) if first == word) && tokens.next().is_none()
}

/// Whether they are a closure, written out.
pub(crate) fn is_closure(tokens: &TokenStream) -> bool {
    match tokens.clone().into_iter().next() {
        Some(TokenTree::Punct(sign)) => sign.as_char() == '|',
        Some(TokenTree::Ident(word)) => word == "move",
        _ => false,
    }
}

/// An `await` that no `async` stands before: behind one it may well be allowed.
pub(crate) fn awaiting(tokens: &TokenStream) -> Option<Ident> {
    for token in tokens.clone() {
        let found = match token {
            TokenTree::Ident(word) if word == "async" => return None,
            TokenTree::Ident(word) if word == "await" => Some(word),
            TokenTree::Group(group) => awaiting(&group.stream()),
            TokenTree::Ident(_) | TokenTree::Literal(_) | TokenTree::Punct(_) => None,
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{awaiting, is_closure, is_word, mention};
    use quote::quote;

    #[test]
    fn a_name_is_found_wherever_it_can_be_used() {
        assert!(mention(&quote!(args.path), "args"));
        assert!(mention(&quote!(open(&[args])?), "args"));
        assert!(mention(&quote!(println!("{args:?}")), "args"));
        assert!(mention(&quote!(r#args), "args"));
        assert!(!mention(&quote!(arguments + 1), "args"));
    }

    #[test]
    fn one_word_is_all_there_is() {
        assert!(is_word(&quote!(None), "None"));
        assert!(!is_word(&quote!(None::<u8>), "None"));
        assert!(!is_word(&quote!("None"), "None"));
        assert!(!is_word(&quote!(), "None"));
    }

    #[test]
    fn a_closure_begins_as_one() {
        assert!(is_closure(&quote!(|pid| tell(pid))));
        assert!(is_closure(&quote!(move |_| tell())));
        assert!(!is_closure(&quote!({ |pid| tell(pid) })));
        assert!(!is_closure(&quote!(teller()?)));
    }

    #[test]
    fn await_is_found_where_it_is_not_allowed() {
        assert!(awaiting(&quote!(mask().await?)).is_some());
        assert!(awaiting(&quote!(open(path().await))).is_some());
        assert!(awaiting(&quote!(block_on(async { mask().await }))).is_none());
        assert!(awaiting(&quote!(block_on(async move || mask().await))).is_none());
        assert!(awaiting(&quote!(r#await)).is_none());
    }
}
