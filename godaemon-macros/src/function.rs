//! PARSE: the function. Its signature is understood, its body kept as written, so that a fault in the body
//! is reported once, by rustc.

use crate::errors::Errors;
use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Result, Signature, Visibility};

/// What the user's function is called inside the generated `main`.
pub(crate) const INNER_NAME: &str = "__godaemon_main";

pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    pub(crate) body: TokenStream,
}

impl Function {
    /// In the parentheses of the parameters, so that what rustc says of the function as a whole has its place.
    pub(crate) fn in_parentheses(&self, content: &TokenStream) -> TokenStream {
        let mut tokens = TokenStream::new();
        self.signature.paren_token.surround(&mut tokens, |tokens| content.to_tokens(tokens));
        tokens
    }

    /// `fn main();` has none. (A body out of a macro is in an invisible group.)
    pub(crate) fn has_body(&self) -> bool {
        let first = self.body.clone().into_iter().next();
        !matches!(first, Some(TokenTree::Punct(sign)) if sign.as_char() == ';')
    }
}

impl Parse for Function {
    fn parse(input: ParseStream) -> Result<Self> {
        Ok(Function {
            attributes: input.call(Attribute::parse_outer)?,
            visibility: input.parse()?,
            signature: input.parse()?,
            body: input.parse()?,
        })
    }
}

pub(crate) fn parse(item: &TokenStream, errors: &mut Errors) -> Option<Function> {
    match syn::parse2(item.clone()) {
        Ok(function) => Some(function),
        Err(syntax_error) if is_function(item) => {
            errors.add_error(syntax_error);
            None
        }
        Err(_) => {
            errors.add(item, "the `godaemon::main` attribute can only be applied to a function");
            None
        }
    }
}

/// Whether the first word that is no qualifier is `fn`. Attributes and `(crate)` are groups.
fn is_function(item: &TokenStream) -> bool {
    const QUALIFIERS: [&str; 6] = ["pub", "const", "async", "unsafe", "safe", "extern"];
    let words = item.clone().into_iter().filter_map(|token| match token {
        TokenTree::Ident(word) => Some(word),
        _ => None,
    });
    let mut words = words.skip_while(|word| QUALIFIERS.iter().any(|qualifier| word == qualifier));
    words.next().is_some_and(|word| word == "fn")
}
