//! Every failure has its line in the documentation, and that line is what the user sees. What fails in the start that a
//! test of another file makes is compared with the table there, by `Outcome::failure`.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use proc_macro2::{TokenStream, TokenTree};
use support::errors;
use syn::{
    Expr, ExprCall, ItemImpl, ItemMod, Lit, Macro, Path as Name,
    visit::{self, Visit},
};

// The code and the table

/// The texts of the runtime crate, without its tests.
#[derive(Default)]
struct Texts {
    all: Vec<String>,
    /// Those that errors are made of.
    of_errors: Vec<String>,
    within_error: bool,
}

/// What makes an error, or its first part.
const MAKERS: [&str; 6] =
    ["Error::new", "Error::system", "Error::cannot_open", "preparing", "daemon", "refuse"];

impl Texts {
    fn of_runtime() -> Self {
        let mut texts = Self::default();
        for path in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../godaemon-rt/src")) {
            let file = syn::parse_file(&fs::read_to_string(path).unwrap()).unwrap();
            texts.visit_file(&file);
        }
        texts
    }

    fn add(&mut self, literal: &Lit) {
        let text = match literal {
            Lit::Str(text) => text.value(),
            Lit::ByteStr(text) => String::from_utf8_lossy(&text.value()).into_owned(),
            _ => return,
        };
        if self.within_error {
            self.of_errors.push(text.clone());
        }
        self.all.push(text);
    }

    fn visit_error(&mut self, visit: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.within_error, true);
        visit(self);
        self.within_error = before;
    }

    fn visit_tokens(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Literal(literal) => self.add(&Lit::new(literal)),
                TokenTree::Group(group) => self.visit_tokens(group.stream()),
                TokenTree::Ident(_) | TokenTree::Punct(_) => {}
            }
        }
    }
}

impl Visit<'_> for Texts {
    fn visit_lit(&mut self, literal: &Lit) {
        self.add(literal);
    }

    fn visit_macro(&mut self, invocation: &Macro) {
        self.visit_tokens(invocation.tokens.clone());
    }

    fn visit_expr_call(&mut self, call: &ExprCall) {
        match &*call.func {
            Expr::Path(function) if MAKERS.contains(&text_of(&function.path).as_str()) => {
                self.visit_error(|texts| visit::visit_expr_call(texts, call));
            }
            _ => visit::visit_expr_call(self, call),
        }
    }

    fn visit_item_impl(&mut self, item: &ItemImpl) {
        match &*item.self_ty {
            // What was being done, in the words of an error.
            syn::Type::Path(ty) if item.trait_.is_some() && text_of(&ty.path) == "Step" => {
                self.visit_error(|texts| visit::visit_item_impl(texts, item));
            }
            _ => visit::visit_item_impl(self, item),
        }
    }

    fn visit_item_mod(&mut self, item: &ItemMod) {
        if item.ident != "tests" {
            visit::visit_item_mod(self, item);
        }
    }

    // Documentation.
    fn visit_attribute(&mut self, _: &syn::Attribute) {}
}

fn text_of(path: &Name) -> String {
    let segments: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    segments.join("::")
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let inner = folders.iter().flat_map(|folder| sources(folder));
    files.into_iter().filter(|path| path.extension().is_some_and(|name| name == "rs")).chain(inner).collect()
}

/// The pieces of a text around its placeholders.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let behind = |piece: &str| piece.find('}').map_or(0, |end| end + 1);
    text.split('{').map(move |piece| piece[behind(piece)..].trim()).filter(|piece| !piece.is_empty())
}

#[test]
fn every_message_of_the_code_is_documented() {
    let documented: Vec<_> = errors::documented().map(|message| message.text).collect();
    let texts = Texts::of_runtime().of_errors;
    assert!(texts.len() > 30, "{texts:?}");
    for text in texts {
        let is_documented =
            documented.iter().any(|message| pieces(&text).all(|piece| message.contains(piece)));
        assert!(is_documented, "`{text}`");
    }
}

#[test]
fn every_documented_message_is_one_of_the_code() {
    let texts = Texts::of_runtime().all;
    for message in errors::documented() {
        for fixed in message.fixed().map(|fixed| fixed.trim_matches([' ', ':', '(', ')'])) {
            // Which process it is about is put in front.
            let text = ["first child: ", "daemon: "].iter().find_map(|stage| fixed.strip_prefix(stage));
            let text = text.unwrap_or(fixed);
            let is_stage = text == "daemon" || text == "first child";
            let is_there = texts.iter().any(|other| other.contains(text));
            assert!(is_stage || is_there, "`{}`: `{text}`", message.text);
        }
    }
}
