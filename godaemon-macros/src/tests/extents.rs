//! PARSE: where an expression or a type ends is where syn says so, for all that somebody thought of, and for all that
//! is written in this project.

use super::tokens;
use crate::extent;
use proc_macro2::{Delimiter, Group, Spacing, TokenStream, TokenTree};
use quote::quote;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use syn::parse::{Parse, ParseStream, Parser};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// Of tricky ones: what could be taken for a comma that ends them, for an operator, or for a bracket.
const EXPRESSIONS: &str = include_str!("extents/expressions.txt");
const TYPES: &str = include_str!("extents/types.txt");

/// What may stand behind: the next option, another comparison, a list's end.
const BEHIND: [&str; 5] = ["", ",", ", next = 1", ", next = c > d", ", |x, y| x"];

fn lines(list: &str) -> impl Iterator<Item = &str> {
    list.lines().filter(|line| !line.is_empty() && !line.starts_with("//"))
}

type Read<T> = fn(ParseStream) -> syn::Result<T>;

/// How many tokens are taken.
fn length<T>(read: Read<T>, tokens: TokenStream) -> Result<usize, String> {
    let all = tokens.clone().into_iter().count();
    let rest = |input: ParseStream| {
        read(input)?;
        input.parse::<TokenStream>()
    };
    rest.parse2(tokens).map(|rest| all - rest.into_iter().count()).map_err(|error| error.to_string())
}

/// The texts that end somewhere else than syn says, with what is behind them.
fn differences<'a, T: Parse>(
    read: Read<TokenStream>,
    texts: impl IntoIterator<Item = &'a str>,
    behind: &[&str],
) -> Vec<String> {
    let mut differences = Vec::new();
    for text in texts {
        for behind in behind {
            let text = format!("{text}{behind}");
            let tokens = tokens(&text);
            let (ours, syns) = (length(read, tokens.clone()), length(T::parse, tokens));
            if ours != syns {
                differences.push(format!("{text}  has {ours:?}, and with syn {syns:?}"));
            }
        }
    }
    differences
}

/// All that the sources have, each once.
#[derive(Default)]
struct Written {
    expressions: BTreeSet<String>,
    types: BTreeSet<String>,
}

impl<'ast> Visit<'ast> for Written {
    fn visit_expr(&mut self, expression: &'ast syn::Expr) {
        self.expressions.extend(expression.span().source_text());
        visit::visit_expr(self, expression);
    }

    fn visit_type(&mut self, ty: &'ast syn::Type) {
        self.types.extend(ty.span().source_text());
        visit::visit_type(self, ty);
    }

    // Documentation, mostly, with a string that the source does not have.
    fn visit_attribute(&mut self, _attribute: &'ast syn::Attribute) {}
}

/// Where this project has sources. Those of a single crate are alone.
const FOLDERS: [&str; 6] = ["src", "../src", "../godaemon-rt/src", "../examples", "../tests", "../bench"];

fn written() -> Written {
    let mut written = Written::default();
    let mut paths: Vec<PathBuf> =
        FOLDERS.map(|folder| Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).into();
    while let Some(path) = paths.pop() {
        if let Ok(folder) = fs::read_dir(&path) {
            paths.extend(folder.map(|entry| entry.expect("a folder can be read").path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(path).expect("a source is text");
            // Some are faulty on purpose.
            if let Ok(file) = syn::parse_file(&text) {
                written.visit_file(&file);
            }
        }
    }
    written
}

#[test]
fn expressions_end_where_syn_ends_them() {
    let differences = differences::<syn::Expr>(extent::expression, lines(EXPRESSIONS), &BEHIND);
    assert!(differences.is_empty(), "{differences:#?}");
}

#[test]
fn types_end_where_syn_ends_them() {
    let differences = differences::<syn::Type>(extent::ty, lines(TYPES), &BEHIND);
    assert!(differences.is_empty(), "{differences:#?}");
}

#[test]
fn whatever_is_written_in_this_project_ends_where_syn_ends_it() {
    let Written { expressions, types } = written();
    assert!(expressions.len() > 1_000 && types.len() > 100, "{} and {}", expressions.len(), types.len());
    let expressions = expressions.iter().map(String::as_str);
    let types = types.iter().map(String::as_str);
    let behind = [", next = c > d"];
    let mut differences = differences::<syn::Expr>(extent::expression, expressions, &behind);
    differences.extend(self::differences::<syn::Type>(extent::ty, types, &behind));
    assert!(differences.is_empty(), "{} {differences:#?}", differences.len());
}

/// What a macro has put there is one token, whatever is in it.
#[test]
fn a_fragment_is_an_operand() {
    let fragment = TokenTree::from(Group::new(Delimiter::None, tokens("a, b < c")));
    for expression in [
        quote!(#fragment < d),
        quote!(d + #fragment),
        quote!(#fragment { d: e }),
        quote!(if #fragment { d } else { e }),
        quote!(d as #fragment < e),
    ] {
        let all = expression.clone().into_iter().count();
        assert_eq!(length(extent::expression, quote!(#expression, next = f > g)), Ok(all), "{expression}");
    }
    let ty = quote!(&'a #fragment);
    assert_eq!(length(extent::ty, quote!(#ty #fragment)), Ok(4), "a body as a fragment");
}

/// But for those that are what they would be without the macro.
#[test]
fn a_lifetime_or_a_block_as_a_fragment_is_what_it_is() {
    let [lifetime, block] = ["'a", "{ a, b }"].map(|text| Group::new(Delimiter::None, tokens(text)));
    for expression in [
        quote!(#lifetime: { break #lifetime c }),
        quote!(#lifetime: loop { c }),
        quote!(break #lifetime c),
        quote!(c as &#lifetime d),
        quote!(if c #block else #block),
        quote!(while let Some(d) = c() #block),
        quote!(for d in c #block),
        quote!(match c #block),
    ] {
        let all = expression.clone().into_iter().count();
        assert_eq!(length(extent::expression, quote!(#expression, next = f > g)), Ok(all), "{expression}");
    }
    assert_eq!(length(extent::ty, quote!(&#lifetime str, next = 1)), Ok(3));
}

/// Otherwise it would become part of a longer one with what is written behind it.
#[test]
fn the_last_sign_stands_alone() {
    let read = |input: ParseStream| {
        let ty = extent::ty(input)?;
        input.parse::<TokenStream>()?;
        Ok(ty)
    };
    let last = read.parse2(tokens("A<B>, c")).ok().and_then(|ty| ty.into_iter().last());
    assert!(matches!(last, Some(TokenTree::Punct(sign)) if sign.spacing() == Spacing::Alone));
}
