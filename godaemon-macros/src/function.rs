//! PARSE: the function. Its signature is taken apart, its body kept as written, so that a fault in the body
//! is reported once, by rustc.

use crate::errors::Errors;
use crate::{extent, tokens};
use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{LitStr, Result, Token, parenthesized, token};

/// What the user's function is called inside the generated `main`.
pub(crate) const INNER_NAME: &str = "__godaemon_main";

/// Everything in the order in which it is written.
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: TokenStream,
    pub(crate) constness: Option<Token![const]>,
    pub(crate) asyncness: Option<Token![async]>,
    pub(crate) unsafety: Option<Token![unsafe]>,
    /// `extern "C"`.
    pub(crate) abi: TokenStream,
    pub(crate) fn_token: Token![fn],
    pub(crate) ident: Ident,
    /// `<T>`.
    pub(crate) generics: TokenStream,
    parentheses: token::Paren,
    pub(crate) inputs: Punctuated<Input, Token![,]>,
    /// `-> Type`.
    pub(crate) output: TokenStream,
    pub(crate) where_clause: TokenStream,
    pub(crate) body: TokenStream,
}

/// A parameter, or what is in the place of one.
pub(crate) struct Input {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) pattern: TokenStream,
    colon: Option<Token![:]>,
    /// Nothing for `&self` and `...`.
    pub(crate) ty: TokenStream,
}

pub(crate) struct Attribute {
    tokens: TokenStream,
    pub(crate) path: TokenStream,
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

impl Attribute {
    fn parse_all(input: ParseStream) -> Result<Vec<Attribute>> {
        let mut attributes = Vec::new();
        while input.peek(Token![#]) {
            let (sign, group): (Token![#], Group) = (input.parse()?, input.parse()?);
            let path = extent::first_path(group.stream())?;
            attributes.push(Attribute { tokens: quote!(#sign #group), path });
        }
        Ok(attributes)
    }

    pub(crate) fn is(&self, name: &str) -> bool {
        self.path.to_string() == name
    }

    /// Of the path.
    pub(crate) fn words(&self) -> Vec<Ident> {
        tokens::words(&self.path)
    }
}

impl ToTokens for Attribute {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.tokens.to_tokens(tokens);
    }
}

impl Parse for Function {
    fn parse(input: ParseStream) -> Result<Self> {
        let content;
        Ok(Function {
            attributes: Attribute::parse_all(input)?,
            visibility: visibility(input)?,
            constness: input.parse()?,
            asyncness: input.parse()?,
            unsafety: input.parse()?,
            abi: abi(input)?,
            fn_token: input.parse()?,
            ident: input.parse()?,
            generics: if input.peek(Token![<]) { extent::angle_brackets(input)? } else { TokenStream::new() },
            parentheses: parenthesized!(content in input),
            inputs: content.parse_terminated(Input::parse, Token![,])?,
            output: output(input)?,
            where_clause: where_clause(input)?,
            body: input.parse()?,
        })
    }
}

impl Function {
    /// In the parentheses of the parameters, so that what rustc says of the function as a whole has its place.
    pub(crate) fn in_parentheses(&self, content: &TokenStream) -> TokenStream {
        let mut tokens = TokenStream::new();
        self.parentheses.surround(&mut tokens, |tokens| content.to_tokens(tokens));
        tokens
    }

    /// `fn main();` has none. (A body out of a macro is in an invisible group.)
    pub(crate) fn has_body(&self) -> bool {
        let first = self.body.clone().into_iter().next();
        !matches!(first, Some(TokenTree::Punct(sign)) if sign.as_char() == ';')
    }
}

impl Input {
    /// If it is nothing but a name.
    pub(crate) fn name(&self) -> Option<Ident> {
        let name = |input: ParseStream| {
            input.parse::<Option<Token![mut]>>()?;
            input.parse()
        };
        name.parse2(self.pattern.clone()).ok()
    }

    /// The `self` of `&self`, `mut self`, `self: Box<Self>`.
    pub(crate) fn receiver(&self) -> Option<Ident> {
        match self.pattern.clone().into_iter().last() {
            Some(TokenTree::Ident(word)) if word == "self" => Some(word),
            _ => None,
        }
    }

    /// The dots of `...`, or of `arguments: ...`.
    pub(crate) fn dots(&self) -> Option<&TokenStream> {
        [&self.pattern, &self.ty].into_iter().find(|tokens| tokens.to_string() == "...")
    }
}

impl Parse for Input {
    fn parse(input: ParseStream) -> Result<Self> {
        let attributes = Attribute::parse_all(input)?;
        let pattern = extent::pattern(input)?;
        let colon: Option<Token![:]> = input.parse()?;
        let ty = if colon.is_some() { extent::ty(input)? } else { TokenStream::new() };
        let read = Input { attributes, pattern, colon, ty };
        if read.ty.is_empty() && read.receiver().is_none() && read.dots().is_none() {
            return Err(input.error("expected `:`"));
        }
        Ok(read)
    }
}

impl ToTokens for Input {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Input { attributes, pattern, colon, ty } = self;
        tokens.extend(quote!(#(#attributes)* #pattern #colon #ty));
    }
}

fn visibility(input: ParseStream) -> Result<TokenStream> {
    let word: Option<Token![pub]> = input.parse()?;
    let is_restricted = word.is_some() && input.peek(token::Paren);
    let restriction: Option<Group> = is_restricted.then(|| input.parse()).transpose()?;
    Ok(quote!(#word #restriction))
}

fn abi(input: ParseStream) -> Result<TokenStream> {
    let (word, name): (Option<Token![extern]>, Option<LitStr>) = (input.parse()?, input.parse()?);
    Ok(quote!(#word #name))
}

fn output(input: ParseStream) -> Result<TokenStream> {
    let arrow: Option<Token![->]> = input.parse()?;
    let ty = arrow.as_ref().map(|_| extent::ty(input)).transpose()?;
    Ok(quote!(#arrow #ty))
}

/// Up to the body, or the semicolon instead of one.
fn where_clause(input: ParseStream) -> Result<TokenStream> {
    let mut clause = TokenStream::new();
    if input.peek(Token![where]) {
        while !(input.is_empty() || input.peek(Token![;]) || input.peek(token::Brace)) {
            if input.peek(Token![<]) {
                clause.extend(extent::angle_brackets(input)?);
            } else {
                clause.extend([input.parse::<TokenTree>()?]);
            }
        }
    }
    Ok(clause)
}
