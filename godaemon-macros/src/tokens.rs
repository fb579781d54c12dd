//! Looking for a name in tokens that are not parsed any further.

use proc_macro2::{TokenStream, TokenTree};
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

#[cfg(test)]
mod tests {
    use super::mention;
    use quote::quote;

    #[test]
    fn a_name_is_found_wherever_it_can_be_used() {
        assert!(mention(&quote!(args.path), "args"));
        assert!(mention(&quote!(open(&[args])?), "args"));
        assert!(mention(&quote!(println!("{args:?}")), "args"));
        assert!(mention(&quote!(r#args), "args"));
        assert!(!mention(&quote!(arguments + 1), "args"));
    }
}
