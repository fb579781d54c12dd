//! Reads the options one by one, and goes on behind a faulty one as long as it can tell where the next begins.

use super::{Entry, Form, Kind, OPTIONS, Options, Setting};
use crate::errors::Errors;
use crate::suggest;
use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Expr, Ident, LitStr, Path, Result, Token, bracketed, token};

pub(crate) fn read(tokens: TokenStream, errors: &mut Errors) -> Options {
    let mut reader = Reader { options: Options::default(), used: Vec::new(), unknown: Vec::new(), errors };
    let read_all = |input: ParseStream| reader.read_all(input);
    if let Err(syntax_error) = read_all.parse2(tokens) {
        reader.errors.add_error(syntax_error);
    }
    reader.report_unknown();
    reader.report_captured();
    reader.options
}

struct Reader<'a> {
    options: Options,
    used: Vec<String>,
    unknown: Vec<Ident>,
    errors: &'a mut Errors,
}

impl Reader<'_> {
    fn read_all(&mut self, input: ParseStream) -> Result<()> {
        while !input.is_empty() {
            self.read_option(input)?;
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(())
    }

    fn read_option(&mut self, input: ParseStream) -> Result<()> {
        let name = input.call(Ident::parse_any)?; // `crate` is a keyword
        let word = name.unraw().to_string();
        let equals = input.parse::<Option<Token![=]>>()?.is_some();

        let Some(&(_, form)) = OPTIONS.iter().find(|(known, _)| *known == word) else {
            self.unknown.push(name);
            return skip_value(input);
        };
        if self.used.contains(&word) {
            self.errors.add(&name, format_args!("duplicate option `{word}`"));
            return skip_value(input);
        }
        if !equals && is_option(input) {
            return Err(input.error("expected `,`"));
        }
        let is_complete = match form {
            Form::Flag => !equals && at_end(input),
            Form::Expression | Form::List(_) | Form::Path => equals && !at_end(input),
        };
        if !is_complete {
            self.errors.add(&name, form.expected(&word));
            self.used.push(word);
            return skip_value(input);
        }

        match form {
            Form::Flag => self.options.capture_output = Some(name),
            Form::Expression => {
                self.options.settings.push(Setting { name, value: expression(input)? });
            }
            Form::List(kind) => self.read_list(kind, &form.expected(&word), input)?,
            Form::Path => self.read_path(input)?,
        }
        self.used.push(word);
        Ok(())
    }

    fn read_list(&mut self, kind: Kind, expected: &str, input: ParseStream) -> Result<()> {
        if !input.peek(token::Bracket) {
            self.errors.add(&expression(input)?, expected);
            return Ok(());
        }
        let list;
        bracketed!(list in input);
        while !list.is_empty() {
            if !list.peek(Ident) || !list.peek2(Token![=]) {
                self.errors.add(&list.parse::<TokenStream>()?, expected);
                break;
            }
            let name = list.parse()?;
            list.parse::<Token![=]>()?;
            let value = expression(&list)?;
            self.add_entry(Entry { kind, name, value });
            if !list.is_empty() {
                list.parse::<Token![,]>()?;
            }
        }
        Ok(())
    }

    fn add_entry(&mut self, entry: Entry) {
        let name = entry.text();
        if ["ready", "stdout", "stderr"].contains(&name.as_str()) {
            let message = format_args!("`{name}` is what `main` receives from godaemon");
            self.errors.add_with_help(&entry.name, message, "choose another name");
        } else if self.options.entries.iter().any(|earlier| earlier.text() == name) {
            self.errors.add(&entry.name, format_args!("duplicate {} `{name}`", entry.kind.noun()));
        } else {
            self.options.entries.push(entry);
        }
    }

    fn read_path(&mut self, input: ParseStream) -> Result<()> {
        if let Some(quoted) = input.parse::<Option<LitStr>>()? {
            let path = quoted.value();
            self.errors.add(&quoted, format_args!("expected a path without quotes: `crate = {path}`"));
        } else {
            self.options.krate = input.call(Path::parse_mod_style)?;
        }
        Ok(())
    }

    /// A stream has one end.
    fn report_captured(&mut self) {
        if self.options.capture_output.is_none() {
            return;
        }
        for Setting { name, .. } in &self.options.settings {
            if name == "stdout" || name == "stderr" {
                self.errors.add_with_help(
                    name,
                    format_args!("`{name}` is captured, so it cannot go to a file"),
                    "leave out `capture_output`, or let the reader write the file",
                );
            }
        }
    }

    /// Comes last: an option that is used further on is not what a misspelt word meant.
    fn report_unknown(&mut self) {
        let all = || OPTIONS.iter().map(|(name, _)| *name);
        for name in &self.unknown {
            let word = name.unraw().to_string();
            let unused = all().filter(|option| !self.used.iter().any(|used| used == option));
            let help = match suggest::nearest(&word, unused) {
                Some(near) => format!("an option with a similar name exists: `{near}`"),
                None => format!("the options are `{}`", all().collect::<Vec<_>>().join("`, `")),
            };
            self.errors.add_with_help(name, format_args!("unknown option `{word}`"), help);
        }
    }
}

/// Whether the next word is that of an option.
fn is_option(input: ParseStream) -> bool {
    let word = input.fork().call(Ident::parse_any).map(|name| name.unraw().to_string());
    word.is_ok_and(|word| OPTIONS.iter().any(|(known, _)| *known == word))
}

fn at_end(input: ParseStream) -> bool {
    input.is_empty() || input.peek(Token![,])
}

/// Parsed only to find its end: a comma may be part of an expression.
fn expression(input: ParseStream) -> Result<TokenStream> {
    Ok(input.parse::<Expr>()?.into_token_stream())
}

fn skip_value(input: ParseStream) -> Result<()> {
    if !at_end(input) {
        expression(input)?;
    }
    Ok(())
}
