//! The pages that people read on the code host: links lead somewhere, what a page names is there, and what stands in two
//! places is the same in both.
//!
//! Links to items, such as `crate::Reader`, are checked by rustdoc, and code by the tests of the documentation.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, iter};

use pulldown_cmark::{BrokenLink, CowStr, Event, LinkType, Options, Parser, Tag, TagEnd};
use regex_lite::Regex;

const README: &str = include_str!("../README.md");

/// Where the pages of `godaemon::guide` are.
const GUIDE: &str = "docs";

/// Where the notes about the design are.
const DESIGN: &str = "docs/design";

/// The links of `README.md`, for rustdoc.
const LINKS: &str = "docs/links.md";

/// The folders of the packages.
const PACKAGES: [&str; 5] = [".", "bench", "godaemon-macros", "godaemon-rt", "tests"];

#[test]
fn links_lead_somewhere_and_what_is_named_exists() {
    let pages = [GUIDE, DESIGN].into_iter().flat_map(|folder| {
        let entries = fs::read_dir(root().join(folder)).unwrap();
        entries.map(move |entry| Path::new(folder).join(entry.unwrap().file_name()))
    });
    let others = ["README.md", "CHANGELOG.md", "BENCHMARKS.md", "bench/README.md"].map(PathBuf::from);
    let pages = others.into_iter().chain(pages);
    let pages = pages.filter(|path| path.extension().is_some() && !path.ends_with(LINKS));
    let faults = pages.flat_map(|path| {
        let text = fs::read_to_string(root().join(&path)).unwrap();
        Page { path, text }.faults()
    });
    let faults: Vec<_> = faults.collect();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// So that the test above does not pass because it finds nothing.
#[test]
fn each_kind_of_fault_is_found() {
    let text = "\
# The `first`, [Unreleased]

[Right](../README.md#options), [right](crate#options), [right](crate::Reader#fields), [astray](astray.md),
[right](#the-first-unreleased-1), [`Reader`](crate::guide::with_tokio#none), [none](#none), [none](crate#none),
![none](../README.md#none).

[Right][two
words], [`right`], [undefined][], [plain](http://a.example), <https://a.example/b.>

The examples `secret`, `gone` and
`lost`; for example `cargo test --test gone`. See `docs/gone.md`, `src/gone.rs`, and not `src/main.rs`.

# The `first`, [Unreleased]

```text
[code](nowhere)
$ cargo bench -p godaemon-bench  --bench gone # a comment
$ cargo run --example secret -- --example gone
$ cargo run --example gone
$ cargo test -p gone
```

[Two Words]: two.md
[`right`]: https://a_b.example
[unused]: https://a.example
[`Right`]: https://a.example
";
    let page = Page { path: "docs/faulty.md".into(), text: text.into() };
    let expected = [
        "3: `astray.md` leads nowhere",
        "4: there is no heading for `#none`",
        "4: there is no heading for `crate#none`",
        "4: there is no heading for `crate::guide::with_tokio#none`",
        "5: there is no heading for `../README.md#none`",
        "8: `http://a.example` is no web address that begins with https",
        "8: `https://a.example/b.` is no web address that begins with https",
        "8: there is no definition of [undefined]",
        "10: there is no example `gone`",
        "11: there is no `docs/gone.md`",
        "11: there is no `src/gone.rs`",
        "11: there is no example `lost`",
        "11: there is nothing for `--test gone` of `cargo test --test gone`",
        "17: there is nothing for `--bench gone` of `cargo bench -p godaemon-bench --bench gone`",
        "19: there is nothing for `--example gone` of `cargo run --example gone`",
        "20: there is nothing for `-p gone` of `cargo test -p gone`",
        "23: `two.md` leads nowhere",
        "24: `https://a_b.example` is no web address that begins with https",
        "25: nothing uses the definition of [unused]",
        "26: this is another definition of [`right`]",
    ];
    assert_eq!(page.faults(), expected.map(|fault| format!("docs/faulty.md:{fault}")));
    let page = Page { path: "README.md".into(), text: "[For rustdoc alone](crate::Reader)".into() };
    assert_eq!(page.faults(), ["README.md:1: `crate::Reader` leads nowhere"]);
}

#[test]
fn the_readme_says_how_to_try_it_and_how_to_test_it() {
    let events: Vec<_> = Parser::new(README).collect();
    for promised in ["cargo run --example echo_server", "cargo test --workspace"] {
        assert!(events.contains(&Event::Code(promised.into())), "README.md has no command `{promised}`");
    }
}

/// In the crate's documentation the first definition of a name counts, and it is that of the list.
#[test]
fn every_link_of_the_readme_leads_to_an_item_in_the_documentation() {
    let [readme, list] = [README, include_str!("../docs/links.md")].map(|text| {
        let parser = Parser::new(text);
        let definitions = parser.reference_definitions().iter();
        BTreeSet::from_iter(definitions.map(|(name, _)| name.to_owned()))
    });
    let in_one_only: Vec<_> = readme.symmetric_difference(&list).collect();
    assert!(readme.contains("main") && in_one_only.is_empty(), "not in both: {in_one_only:?}");
}

#[test]
fn the_options_are_the_same_in_the_readme_and_at_the_attribute() {
    let is_row = |line: &&str| line.starts_with('|');
    let rows: Vec<_> = include_str!("../godaemon-macros/src/in_short.md").lines().filter(is_row).collect();
    let lines = (1..).zip(README.lines());
    let section = lines.skip_while(|(_, line)| *line != "## Options").skip_while(|(_, line)| !is_row(line));
    let table: Vec<_> = section.take_while(|(_, line)| is_row(line)).collect();
    for ((at, line), row) in iter::zip(&table, &rows) {
        assert_eq!(line, row, "README.md:{at}");
    }
    assert!(!rows.is_empty());
    assert_eq!(table.len(), rows.len(), "rows of the options in README.md");
}

/// Where the repository begins.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

struct Page {
    /// Seen from the root of the repository.
    path: PathBuf,
    text: String,
}

impl Page {
    /// Each with file and line.
    fn faults(&self) -> Vec<String> {
        // A reference without a definition is a link as well, so that it is met where it stands.
        let undefined = |_: BrokenLink<'_>| Some((CowStr::from(""), CowStr::from("")));
        let (text, options) = (&self.text, Options::ENABLE_TABLES);
        let parser = Parser::new_with_broken_link_callback(text, options, Some(undefined));
        let mut events = parser.into_offset_iter();
        let (mut faults, mut references, mut end_of_heading) = (Vec::new(), Vec::new(), 0);
        for (event, place) in events.by_ref() {
            let at = self.line(place.start);
            let mut add = |fault| faults.push((at, fault));
            match event {
                Event::Start(Tag::Heading { .. }) => end_of_heading = place.end,
                Event::Start(Tag::CodeBlock(_)) => {
                    faults.extend((at..).zip(text[place].lines().map(fault_of_command)));
                }
                Event::Code(code) => {
                    add(fault_of_command(&code));
                    add(fault_of_example(&text[..place.start], &code));
                    add(self.fault_of_file(&code));
                }
                Event::Start(
                    Tag::Link { link_type, dest_url, id, .. } | Tag::Image { link_type, dest_url, id, .. },
                ) => match link_type {
                    LinkType::Inline | LinkType::Autolink => add(self.fault_of_target(&dest_url)),
                    LinkType::Reference | LinkType::Collapsed | LinkType::Shortcut => references.push(id),
                    // The changelog has its versions in brackets.
                    _ if place.end <= end_of_heading => {}
                    _ => add(Some(format!("there is no definition of [{id}]"))),
                },
                _ => {}
            }
        }
        let definitions = events.reference_definitions();
        let used: Vec<_> = references.iter().filter_map(|name| definitions.get(name)).collect();
        for (name, definition) in definitions.iter() {
            let (at, end) = (self.line(definition.span.start), definition.span.end);
            let is_used = used.iter().any(|used| used.span == definition.span);
            faults.push((at, (!is_used).then(|| format!("nothing uses the definition of [{name}]"))));
            faults.push((at, self.fault_of_target(&definition.dest)));
            // Definitions of a name after the first one are only seen without it.
            if let Some(other) = Parser::new(&text[end..]).reference_definitions().get(name) {
                let at = self.line(end + other.span.start);
                faults.push((at, Some(format!("this is another definition of [{name}]"))));
            }
        }
        faults.sort();
        let faults = faults.into_iter().filter_map(|(at, fault)| Some((at, fault?)));
        faults.map(|(at, fault)| format!("{}:{at}: {fault}", self.path.display())).collect()
    }

    fn line(&self, at: usize) -> usize {
        self.text[..at].matches('\n').count() + 1
    }

    /// Links lead to files and headings, or to what has the form of a web address. Items are rustdoc's.
    fn fault_of_target(&self, target: &str) -> Option<String> {
        if target.contains("://") {
            let address = r"^https://([A-Za-z0-9-]+\.)+[A-Za-z0-9-]+([/#?](\S*[^\s.,)])?)?$";
            let is_one = Regex::new(address).unwrap().is_match(target);
            return (!is_one).then(|| format!("`{target}` is no web address that begins with https"));
        }
        let mut parts = target.splitn(2, '#');
        let (path, anchor) = (parts.next()?, parts.next());
        let is_item = self.path.starts_with(GUIDE) && (path == "crate" || path.contains("::"));
        let file = match path.strip_prefix("crate::guide::") {
            _ if !is_item => self.path.parent()?.join(path),
            Some(page) => Path::new(GUIDE).join(page).with_extension("md"),
            // It is the documentation of the crate.
            None if path == "crate" => "README.md".into(),
            None => return None,
        };
        let file = root().join(file);
        if !file.exists() {
            return Some(format!("`{target}` leads nowhere"));
        }
        let anchor = anchor?;
        let other =
            if path.is_empty() { self.text.clone() } else { fs::read_to_string(file).unwrap_or_default() };
        let is_there = anchors(&other).iter().any(|own| own == anchor);
        (!is_there).then(|| format!("there is no heading for `{target}`"))
    }

    /// `src/main.rs` is that of the reader's program, and `target` is there only after a build.
    fn fault_of_file(&self, code: &str) -> Option<String> {
        let is_path = !code.starts_with('/')
            && code.chars().all(|char| char.is_ascii_alphanumeric() || "._-/".contains(char));
        let (folder, _) = code.split_once('/').unwrap_or_default();
        let is_ours = [".md", ".rs", ".toml"].iter().any(|extension| code.ends_with(extension))
            || !folder.is_empty() && root().join(folder).is_dir();
        let is_elsewhere = folder == "target" || code == "src/main.rs";
        let exists = || root().join(code).exists() || root().join(&self.path).with_file_name(code).exists();
        (is_path && is_ours && !is_elsewhere && !exists()).then(|| format!("there is no `{code}`"))
    }
}

/// Behind the word "example" or "examples" stands a name, or several with commas and "and" between them.
fn fault_of_example(before: &str, name: &str) -> Option<String> {
    let is_earlier = |word: &&str| *word == "and" || word.starts_with('`') && word.ends_with(['`', ',']);
    let mut words = before.split_whitespace().rev().skip_while(is_earlier);
    let is_one = matches!(words.next(), Some("example" | "examples")) && words.next() != Some("for");
    (is_one && !is_example(name)).then(|| format!("there is no example `{name}`"))
}

/// Commands of cargo are about what exists.
fn fault_of_command(code: &str) -> Option<String> {
    let code = code.trim_start().trim_start_matches("$ ").split(" #").next()?;
    let words: Vec<_> = code.split_whitespace().collect();
    let own = words.split(|word| *word == "--").next().filter(|words| words.first() == Some(&"cargo"))?;
    let missing = own.windows(2).find(|pair| match pair[0] {
        "-p" | "--package" => !PACKAGES.iter().any(|folder| declares(folder, "[package]", pair[1])),
        "--example" => !is_example(pair[1]),
        "--test" => !declares("tests", "[[test]]", pair[1]),
        "--bench" => !declares("bench", "[[bench]]", pair[1]),
        _ => false,
    })?;
    Some(format!("there is nothing for `{}` of `{}`", missing.join(" "), words.join(" ")))
}

/// Whether the manifest in a folder has this line before the name: `[package]`, or a `[[test]]`.
fn declares(folder: &str, table: &str, name: &str) -> bool {
    let manifest = fs::read_to_string(root().join(folder).join("Cargo.toml")).unwrap();
    manifest.contains(&format!("{table}\nname = \"{name}\"\n"))
}

fn is_example(name: &str) -> bool {
    root().join("examples").join(name).with_extension("rs").exists()
}

/// Of the headings, as the code host makes them: another one of the same text has a number behind it.
fn anchors(text: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut heading = String::new();
    for event in Parser::new(text) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading.clear(),
            Event::Text(text) | Event::Code(text) => heading.push_str(&text),
            Event::End(TagEnd::Heading(_)) => {
                let kept = heading.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
                let plain = kept.collect::<String>().to_lowercase().replace(' ', "-");
                let numbered = (1..).map(|number| format!("{plain}-{number}"));
                all.extend(iter::once(plain.clone()).chain(numbered).find(|anchor| !all.contains(anchor)));
            }
            _ => {}
        }
    }
    all
}
