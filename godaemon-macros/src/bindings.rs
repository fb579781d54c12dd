//! CHECK: each parameter meets its file, value or handle, and the other way round.

use crate::errors::Errors;
use crate::options::{Entry, Kind, Options};
use crate::signature::Parameter;
use crate::{extent, suggest, tokens};
use proc_macro2::{Ident, Span, TokenStream};
use syn::ext::IdentExt;

/// A parameter and what it receives.
pub(crate) struct Binding<'a> {
    pub(crate) parameter: &'a Parameter<'a>,
    pub(crate) source: Source<'a>,
}

#[derive(Clone, Copy)]
pub(crate) enum Source<'a> {
    Entry(&'a Entry),
    Stdout,
    Stderr,
    Ready,
}

impl Source<'_> {
    /// What it is called in the attribute and in errors.
    pub(crate) fn ident(self) -> Ident {
        match self {
            Source::Entry(entry) => entry.name.clone(),
            Source::Stdout => Ident::new("stdout", Span::mixed_site()),
            Source::Stderr => Ident::new("stderr", Span::mixed_site()),
            Source::Ready => Ident::new("ready", Span::mixed_site()),
        }
    }

    fn name(self) -> String {
        self.ident().unraw().to_string()
    }

    fn is_reader(self) -> bool {
        matches!(self, Source::Stdout | Source::Stderr)
    }
}

/// Reports all mismatches together. The answer is complete only if there were none.
pub(crate) fn check<'a>(
    options: &'a Options,
    parameters: &'a [Parameter<'a>],
    errors: &mut Errors,
) -> Vec<Binding<'a>> {
    let entries = options.entries.iter().map(Source::Entry);
    let mut free: Vec<Source> = entries.chain([Source::Stdout, Source::Stderr, Source::Ready]).collect();

    // Exact names before those without the underscore: `_a` may be there beside `a`.
    let mut found: Vec<Option<Source>> =
        parameters.iter().map(|parameter| take(&mut free, |name| parameter.is_called(name))).collect();
    for (parameter, source) in parameters.iter().zip(&mut found).filter(|(_, source)| source.is_none()) {
        *source = take(&mut free, |name| parameter.receives(name));
    }

    let mut bindings: Vec<Binding> = Vec::new();
    let mut unprovided = Vec::new();
    for (parameter, source) in parameters.iter().zip(found) {
        match source {
            Some(source) => bindings.push(Binding { parameter, source }),
            None => unprovided.push(parameter),
        }
    }
    for parameter in unprovided {
        if let Some(taken) = bindings.iter().find(|binding| parameter.receives(&binding.source.name())) {
            errors.add(&parameter.ident, format_args!("duplicate parameter `{}`", taken.source.name()));
            continue;
        }
        // What was probably meant counts as received: then this is the only error about both.
        let meant = report_unprovided(parameter, &free, errors);
        bindings.extend(meant.map(|at| Binding { parameter, source: free.remove(at) }));
    }
    check_readers(options, &bindings, errors);
    for source in free {
        if let Source::Entry(entry) = source {
            check_unbound(entry, options, errors);
        }
    }
    bindings
}

/// Takes the source with such a name.
fn take<'a>(free: &mut Vec<Source<'a>>, is_meant: impl Fn(&str) -> bool) -> Option<Source<'a>> {
    let at = free.iter().position(|source| is_meant(&source.name()))?;
    Some(free.remove(at))
}

/// The type of the parameter that receives the entry.
pub(crate) fn type_of<'a>(entry: &Entry, bindings: &[Binding<'a>]) -> Option<&'a TokenStream> {
    let receives =
        |binding: &&Binding| matches!(binding.source, Source::Entry(own) if own.name == entry.name);
    bindings.iter().find(receives).map(|binding| &binding.parameter.input.ty)
}

/// Returns the place of the source that was probably meant, by its type or its name.
fn report_unprovided(parameter: &Parameter, free: &[Source], errors: &mut Errors) -> Option<usize> {
    let name = parameter.ident.unraw().to_string();
    let word = name.strip_prefix('_').unwrap_or(&name);
    let names: Vec<String> = free.iter().map(|source| source.name()).collect();
    let (meant, hint) = match type_name(&parameter.input.ty).as_deref() {
        Some("Reader") => (
            free.iter().position(|source| source.is_reader()),
            "a `godaemon::Reader` is called `stdout` or `stderr`; otherwise ".to_owned(),
        ),
        Some("Ready") => (
            free.iter().position(|source| matches!(source, Source::Ready)),
            "a `godaemon::Ready` is called `ready`; otherwise ".to_owned(),
        ),
        _ => match suggest::nearest(word, names.iter().map(String::as_str)) {
            Some(near) => (
                names.iter().position(|name| name == near),
                format!("a similar name exists: `{near}`; otherwise "),
            ),
            None => (None, String::new()),
        },
    };
    errors.add_with_help(
        &parameter.ident,
        format_args!("nothing provides the parameter `{name}`"),
        format_args!("{hint}declare it as `files = [{word} = ...]` or `values = [{word} = ...]`"),
    );
    meant
}

/// The last word of a path.
fn type_name(ty: &TokenStream) -> Option<String> {
    let path = extent::first_path(ty.clone()).ok()?;
    tokens::words(&path).last().map(Ident::to_string)
}

fn check_readers(options: &Options, bindings: &[Binding], errors: &mut Errors) {
    let readers = || bindings.iter().filter(|binding| binding.source.is_reader());
    match &options.capture_output {
        Some(option) if readers().next().is_none() => errors.add_with_help(
            option,
            "output is captured, but `main` takes no reader",
            "add a parameter: `stdout: godaemon::Reader`",
        ),
        Some(_) => {}
        None => {
            for Binding { parameter, source } in readers() {
                let name = source.name();
                errors.add_with_help(
                    &parameter.ident,
                    format_args!("parameter `{name}` takes captured output, but nothing captures it"),
                    "add the option `capture_output`",
                );
            }
        }
    }
}

/// A file that no parameter receives is a mistake; a value may be there for an option.
fn check_unbound(entry: &Entry, options: &Options, errors: &mut Errors) {
    let name = entry.text();
    match entry.kind {
        Kind::File => errors.add_with_help(
            &entry.name,
            format_args!("no parameter of `main` receives the file `{name}`"),
            format_args!("add a parameter: `{name}: std::fs::File`"),
        ),
        Kind::Value if is_used(entry, &name, options) => {}
        Kind::Value => errors.add_with_help(
            &entry.name,
            format_args!("nothing uses the value `{name}`"),
            format_args!("add a parameter: `{name}: ...`"),
        ),
    }
}

fn is_used(value: &Entry, name: &str, options: &Options) -> bool {
    let others = options.entries.iter().filter(|entry| entry.name != value.name).map(|entry| &entry.value);
    let settings = options.settings.iter().map(|setting| &setting.value);
    others.chain(settings).any(|expression| tokens::mention(expression, name))
}
