//! Reads the options one by one, and goes on behind a faulty one as long as it can tell where the next begins.

use super::ends::{
    annotation, at_end, is_entry, is_option, is_typed, is_word_with_equals, read_equals, rest, skip_value,
    value,
};
use super::{Entry, Form, Kind, OPTIONS, Options, Setting};
use crate::errors::Errors;
use crate::{extent, suggest, tokens};
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Ident, LitStr, Result, Token, bracketed, parenthesized, token};

pub(crate) fn read(options: TokenStream, errors: &mut Errors) -> Options {
    let mut reader = Reader { options: Options::default(), used: Vec::new(), unknown: Vec::new(), errors };
    let read_all = |input: ParseStream| {
        let content;
        parenthesized!(content in input);
        reader.read_each(&content, Reader::read_option, is_option)
    };
    if let Err(syntax_error) = read_all.parse2(in_parentheses(options)) {
        reader.errors.add_error(syntax_error);
    }
    reader.report_unknown();
    reader.report_captured();
    reader.report_awaiting();
    reader.options
}

/// What ends too early is then reported at the last word, instead of on the whole attribute.
fn in_parentheses(tokens: TokenStream) -> TokenStream {
    let last = tokens.clone().into_iter().last();
    let mut group = Group::new(Delimiter::Parenthesis, tokens);
    if let Some(last) = last {
        group.set_span(last.span());
    }
    TokenTree::Group(group).into()
}

struct Reader<'a> {
    options: Options,
    used: Vec<String>,
    /// What was written, and the word that it comes to.
    unknown: Vec<(TokenStream, String)>,
    errors: &'a mut Errors,
}

impl Reader<'_> {
    /// One behind the other. What cannot be read any further is reported, and ends with the next comma.
    fn read_each(
        &mut self,
        input: ParseStream,
        mut read: impl FnMut(&mut Self, ParseStream) -> Result<()>,
        is_next: fn(ParseStream) -> bool,
    ) -> Result<()> {
        while !input.is_empty() {
            if let Err(syntax_error) = read(self, input) {
                self.errors.add_error(syntax_error);
                rest(input)?;
            }
            self.read_comma(input, is_next)?;
        }
        Ok(())
    }

    /// Goes on behind the next comma if there is none here, or at once if `is_next`.
    fn read_comma(&mut self, input: ParseStream, is_next: fn(ParseStream) -> bool) -> Result<()> {
        if input.is_empty() || input.parse::<Option<Token![,]>>()?.is_some() {
            return Ok(());
        }
        self.errors.add_error(input.error("expected `,`"));
        if !is_next(input) {
            rest(input)?;
            input.parse::<Option<Token![,]>>()?;
        }
        Ok(())
    }

    fn read_option(&mut self, input: ParseStream) -> Result<()> {
        let Ok(name) = input.call(Ident::parse_any) else {
            let message = format_args!("expected an option\nhelp: {}", the_options_are());
            self.errors.add_error(input.error(message));
            return skip_value(input);
        };
        let word = name.unraw().to_string();

        let Some(&(_, form)) = OPTIONS.iter().find(|(known, _)| *known == word) else {
            self.read_unknown(name, input)?;
            return skip_value(input);
        };
        if self.used.contains(&word) {
            self.errors.add(&name, format_args!("duplicate option `{word}`"));
            return skip_value(input);
        }
        self.used.push(word.clone());

        let equals = read_equals(input)?;
        let is_complete = match form {
            Form::Flag => !equals && (at_end(input) || is_option(input)),
            Form::Expression | Form::Optional | Form::List(_) | Form::Path => equals && !at_end(input),
        };
        if !is_complete {
            if !equals && is_option(input) {
                return Ok(()); // what is missing is the comma, which is reported next
            }
            self.errors.add(&name, form.expected(&word));
            return skip_value(input);
        }

        match form {
            Form::Flag => self.options.capture_output = Some(name),
            Form::Expression | Form::Optional => {
                let value = extent::expression(input)?;
                if form == Form::Optional && tokens::is_none(&value) {
                    let help = format_args!("leave out the option `{word}`");
                    self.errors.add_with_help(&value, "nothing tells the type of this `None`", help);
                }
                self.options.settings.push(Setting { name, value });
            }
            Form::List(kind) => self.read_list(kind, &name, &form.expected(&word), input)?,
            Form::Path => self.read_path(input)?,
        }
        Ok(())
    }

    /// With dashes, as on a command line, it is several words.
    fn read_unknown(&mut self, name: Ident, input: ParseStream) -> Result<()> {
        let mut word = name.unraw().to_string();
        let mut written = name.into_token_stream();
        while input.peek(Token![-]) && input.peek2(Ident::peek_any) {
            let (dash, next): (Token![-], Ident) = (input.parse()?, input.call(Ident::parse_any)?);
            word += &format!("-{next}");
            written.extend(quote!(#dash #next));
        }
        self.unknown.push((written, word));
        Ok(())
    }

    fn read_list(&mut self, kind: Kind, word: &Ident, expected: &str, input: ParseStream) -> Result<()> {
        if !input.peek(token::Bracket) {
            self.errors.add(&value(input)?, expected);
            return Ok(());
        }
        let list;
        bracketed!(list in input);
        let read_entry = |reader: &mut Self, list: ParseStream| {
            if !is_entry(list) {
                return reader.report_entry(expected, list);
            }
            let name = list.parse()?;
            list.parse::<Token![=]>()?;
            let value = extent::expression(list)?;
            reader.add_entry(Entry { kind, list: word.clone(), name, value });
            Ok(())
        };
        self.read_each(&list, read_entry, is_entry)
    }

    /// Some of what is no `name = expression` has its own reason to be there.
    fn report_entry(&mut self, expected: &str, list: ParseStream) -> Result<()> {
        if at_end(list) {
            return Err(list.error(expected));
        }
        if list.peek(Token![mut]) {
            let word: Token![mut] = list.parse()?;
            let help =
                "leave out `mut`: what changes it is a block, `name = { let mut name = ...; ...; name }`";
            self.errors.add_with_help(&word, expected, help);
        } else if is_typed(list) {
            // rustc suggests this where a type cannot be inferred.
            let name: Ident = list.parse()?;
            let help = format_args!("`{name}` has the type of its parameter, or else of its expression");
            self.errors.add_with_help(&annotation(list)?, expected, help);
        } else if is_word_with_equals(list) {
            let word = list.call(Ident::parse_any)?;
            let help = match word.to_string().as_str() {
                "self" | "Self" | "super" | "crate" | "_" => "it needs a name".to_owned(),
                keyword => format!("`{keyword}` is a keyword: write `r#{keyword}`, or choose another name"),
            };
            self.errors.add_with_help(&word, expected, help);
        } else {
            self.errors.add(&value(list)?, expected);
        }
        skip_value(list)
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
            self.options.krate = extent::path(input)?;
        }
        Ok(())
    }

    /// A stream has one end.
    fn report_captured(&mut self) {
        if self.options.capture_output.is_none() {
            return;
        }
        for Setting { name, .. } in &self.options.settings {
            let word = name.unraw();
            if word == "stdout" || word == "stderr" {
                self.errors.add_with_help(
                    name,
                    format_args!("`{word}` is captured, so it cannot go to a file"),
                    "leave out `capture_output`, or let the reader write the file",
                );
            }
        }
    }

    /// A mistake of those who write `async fn main`.
    fn report_awaiting(&mut self) {
        let entries = self.options.entries.iter().map(|entry| &entry.value);
        let settings = self.options.settings.iter().map(|setting| &setting.value);
        for word in entries.chain(settings).filter_map(tokens::awaiting) {
            let help = "do it in the body of `main`, where the runtime runs";
            self.errors.add_with_help(&word, "an option cannot `await`", help);
        }
    }

    /// When everything is read: an option that is used further on is not what a misspelt word meant.
    fn report_unknown(&mut self) {
        for (written, word) in &self.unknown {
            let all = OPTIONS.iter().map(|(name, _)| *name);
            let unused = all.filter(|option| !self.used.iter().any(|used| used == option));
            let help = match suggest::nearest(&word.to_lowercase().replace('-', "_"), unused) {
                Some(near) => format!("an option with a similar name exists: `{near}`"),
                None => the_options_are(),
            };
            self.errors.add_with_help(written, format_args!("unknown option `{word}`"), help);
        }
    }
}

fn the_options_are() -> String {
    let names: Vec<_> = OPTIONS.iter().map(|(name, _)| *name).collect();
    format!("the options are `{}`", names.join("`, `"))
}
