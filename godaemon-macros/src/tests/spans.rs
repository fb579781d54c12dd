//! What the user wrote keeps its place: errors in it are underlined there, and editors find their way, whether the
//! attribute is right or not.

use crate::attribute;
use proc_macro2::{LineColumn, Span, TokenStream, TokenTree};

/// Each word and sign, with the place that it stands at.
fn places(tokens: TokenStream) -> Vec<(String, LineColumn)> {
    let place = |span: Span| span.start();
    let mut places = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                places.push((format!("{:?}", group.delimiter()), place(group.span())));
                places.extend(self::places(group.stream()));
            }
            token => places.push((token.to_string(), place(token.span()))),
        }
    }
    places
}

/// The words and signs of the item that are lost, or not where they were.
fn displaced(options: &str) -> Vec<String> {
    let tokens = |text: &str| text.parse::<TokenStream>().expect("a test's text has tokens");
    let item = tokens(ITEM);
    let written = places(attribute(tokens(options), item.clone()));
    places(item).into_iter().filter(|place| !written.contains(place)).map(|(text, _)| text).collect()
}

const ITEM: &str = "
/// What it does.
#[tracing::instrument]
pub(crate) fn main(_lock: Option<File>, mut args: Args, ready: Ready) -> Result<(), Box<dyn Error>> {
    args.settle()?;
    ready.notify()?;
    serve(args, |line| println!(\"{line}\"))
}";

#[test]
fn the_item_keeps_its_places() {
    let nothing: [&str; 0] = [];
    assert_eq!(displaced("values = [args = Args::parse()], files = [lock = open(&args)?]"), nothing);
}

/// Where editors point at the word they show the documentation of what it has become.
#[test]
fn the_words_of_options_keep_their_places() {
    let tokens = |text: &str| text.parse::<TokenStream>().expect("a test's text has tokens");
    let options =
        "values = [args = Args::parse()], capture_output, umask = 0o027, files = [lock = open(&args)?]";
    let item = "fn main(lock: File, stdout: Reader) {}";
    let options = tokens(&format!("{}{options}", "\n".repeat(10))); // below what the item has
    let written = places(attribute(options.clone(), tokens(item)));
    let words = ["values", "capture_output", "umask", "files", "lock"];
    let words: Vec<_> =
        places(options).into_iter().filter(|(text, _)| words.contains(&text.as_str())).collect();
    assert_eq!(words.len(), 5);
    assert!(words.iter().all(|place| written.contains(place)), "{words:?}");
}

#[test]
fn beside_an_error_it_keeps_all_but_its_name() {
    for options in ["", "umsk", "files", "capture_output", "umask = +", "pid_file = None"] {
        assert_eq!(displaced(options), ["main"], "{options}");
    }
}
