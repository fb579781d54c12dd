//! The rules, told by what the attribute as a whole answers.

mod bindings;
mod expansion;
mod extents;
mod options;
mod signature;
mod spans;
mod written;

use crate::attribute;
use proc_macro2::{TokenStream, TokenTree};
use syn::LitStr;

fn expand(options: &str, item: &str) -> TokenStream {
    attribute(tokens(options), tokens(item))
}

/// The texts of all `compile_error!` that the attribute leaves.
fn errors(options: &str, item: &str) -> Vec<String> {
    let answer: Vec<TokenTree> = expand(options, item).into_iter().collect();
    let messages = answer.windows(3).filter_map(|three| match three {
        [TokenTree::Ident(name), _, TokenTree::Group(message)] if name == "compile_error" => {
            Some(message.stream())
        }
        _ => None,
    });
    messages.map(|message| syn::parse2::<LitStr>(message).expect("an error has a text").value()).collect()
}

fn tokens(text: &str) -> TokenStream {
    text.parse().expect("a test's text has tokens")
}

/// Whether the text occurs, however it is spaced.
fn contains(written: &TokenStream, text: &str) -> bool {
    let unspaced = |text: &str| text.split_whitespace().collect::<String>();
    unspaced(&written.to_string()).contains(&unspaced(text))
}
