//! Questions to tokens that are not read any further.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::ext::IdentExt;

pub(crate) fn words(tokens: &TokenStream) -> Vec<Ident> {
    let words = tokens.clone().into_iter().filter_map(|token| match token {
        TokenTree::Ident(word) => Some(word),
        _ => None,
    });
    words.collect()
}

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

/// Whether a keyword occurs in the tokens: `r#impl` is none.
pub(crate) fn has_keyword(tokens: &TokenStream, keyword: &str) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Group(group) => has_keyword(&group.stream(), keyword),
        TokenTree::Ident(word) => word == keyword,
        TokenTree::Literal(_) | TokenTree::Punct(_) => false,
    })
}

/// Whether there is nothing but a `None` without a type, perhaps in parentheses, or with the path in front.
pub(crate) fn is_none(tokens: &TokenStream) -> bool {
    let tokens: Vec<_> = tokens.clone().into_iter().collect();
    match &tokens[..] {
        [TokenTree::Group(group)] => is_none(&group.stream()),
        [path @ .., TokenTree::Ident(last)] => {
            let of_a_path = |token: &TokenTree| match token {
                TokenTree::Ident(_) => true,
                TokenTree::Punct(sign) => sign.as_char() == ':',
                _ => false,
            };
            last == "None" && path.iter().all(of_a_path)
        }
        _ => false,
    }
}

/// Whether they are a closure, written out.
pub(crate) fn is_closure(tokens: &TokenStream) -> bool {
    match tokens.clone().into_iter().next() {
        Some(TokenTree::Punct(sign)) => sign.as_char() == '|',
        Some(TokenTree::Ident(word)) => word == "move",
        _ => false,
    }
}

/// An `await` that is not allowed: behind an `async`, and in the arguments of a macro, it may well be.
pub(crate) fn awaiting(tokens: &TokenStream) -> Option<Ident> {
    let mut before = Vec::new();
    for token in tokens.clone() {
        let found = match &token {
            TokenTree::Ident(word) if word == "async" => return None,
            TokenTree::Ident(word) if word == "await" => Some(word.clone()),
            TokenTree::Group(group) if !is_macro(&before) => awaiting(&group.stream()),
            _ => None,
        };
        if found.is_some() {
            return found;
        }
        before.push(token);
    }
    None
}

/// Whether what follows is the arguments of a macro.
fn is_macro(before: &[TokenTree]) -> bool {
    match before {
        [.., TokenTree::Ident(_), TokenTree::Punct(sign)] => sign.as_char() == '!',
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{awaiting, has_keyword, is_closure, is_none, mention};
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
    fn a_keyword_is_none_when_it_is_raw() {
        assert!(has_keyword(&quote!(Vec<impl Copy>), "impl"));
        assert!(!has_keyword(&quote!(r#impl::Type), "impl"));
    }

    #[test]
    fn none_is_seen_in_every_dress() {
        assert!(is_none(&quote!(None)));
        assert!(is_none(&quote!((None))));
        assert!(is_none(&quote!(Option::None)));
        assert!(is_none(&quote!(::std::option::Option::None)));
        assert!(!is_none(&quote!(None::<u8>)));
        assert!(!is_none(&quote!(Option::<u8>::None)));
        assert!(!is_none(&quote!("None")));
        assert!(!is_none(&quote!()));
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
        assert!(awaiting(&quote!(run!(mask().await))).is_none());
        assert!(awaiting(&quote!(!(is_up().await))).is_some());
        assert!(awaiting(&quote!(r#await)).is_none());
    }
}
