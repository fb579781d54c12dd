//! PARSE: what stands in the parentheses of the attribute.

mod ends;
mod reader;

pub(crate) use reader::read;

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::ext::IdentExt;

/// Every option, in the order in which an error message lists them.
pub(crate) const OPTIONS: &[(&str, Form)] = &[
    ("capture_output", Form::Flag),
    ("files", Form::List(Kind::File)),
    ("values", Form::List(Kind::Value)),
    ("program_name", Form::Optional),
    ("foreground", Form::Expression),
    ("pid_file", Form::Optional),
    ("stdout", Form::Optional),
    ("stderr", Form::Optional),
    ("working_dir", Form::Optional),
    ("umask", Form::Expression),
    ("user", Form::Optional),
    ("group", Form::Optional),
    ("start_timeout", Form::Expression),
    ("on_ready", Form::Expression),
    ("crate", Form::Path),
];

/// How an option is written.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Form {
    Flag,
    /// The expression is the argument of the method of `godaemon::Options` that has the option's name.
    Expression,
    /// The same with a method that takes several types, and their `Option` as well.
    Optional,
    List(Kind),
    Path,
}

impl Form {
    /// What to write, where something else was found.
    fn expected(self, word: &str) -> String {
        match self {
            Form::Flag => format!("the option `{word}` takes no value"),
            Form::Expression | Form::Optional => format!("expected `{word} = <expression>`"),
            Form::List(_) => format!("expected a list: `{word} = [name = expression, ...]`"),
            Form::Path => format!("expected `{word} = <path>`"),
        }
    }
}

pub(crate) struct Options {
    /// The word itself, for the errors that concern it.
    pub(crate) capture_output: Option<Ident>,
    /// Files and values, in the order in which they are written.
    pub(crate) entries: Vec<Entry>,
    pub(crate) settings: Vec<Setting>,
    pub(crate) krate: TokenStream,
}

impl Default for Options {
    fn default() -> Self {
        let krate = quote!(::godaemon);
        Options { capture_output: None, entries: Vec::new(), settings: Vec::new(), krate }
    }
}

impl Options {
    pub(crate) fn entries(&self, kind: Kind) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.kind == kind)
    }
}

/// `name = expression` in `files` or `values`.
pub(crate) struct Entry {
    pub(crate) kind: Kind,
    /// The word `files` or `values` itself, which becomes the name of a function: editors show its documentation.
    pub(crate) list: Ident,
    pub(crate) name: Ident,
    pub(crate) value: TokenStream,
}

impl Entry {
    /// The name as errors and the runtime know it.
    pub(crate) fn text(&self) -> String {
        self.name.unraw().to_string()
    }
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    File,
    Value,
}

impl Kind {
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Kind::File => "file",
            Kind::Value => "value",
        }
    }
}

/// `option = expression`.
pub(crate) struct Setting {
    pub(crate) name: Ident,
    pub(crate) value: TokenStream,
}
