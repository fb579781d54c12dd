//! What the library costs those who build: clean builds of small packages, ours beside others, and with and without a syn
//! that is there already.

use godaemon_bench::Result;
use godaemon_bench::machine;
use godaemon_bench::measure::{Series, in_turn, verdict};
use godaemon_bench::options::{self, Options};
use godaemon_bench::page::Part;
use godaemon_bench::scratch::{Scratch, project};
use godaemon_bench::table::Table;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use std::collections::BTreeSet;
use std::time::Instant;

const BENCHMARK: &str = "compile_time";

/// How often each package is built, if nothing else is said.
const ROUNDS: usize = 3;

/// How much the attribute may cost those who have syn already, in seconds.
const GOAL_ATTRIBUTE: f64 = 1.5;

/// How much the library may cost, as a share of daemonizable.
const GOAL_LIBRARY: f64 = 0.55;

/// How many crates it may consist of, with all that it depends on.
const GOAL_CRATES: usize = 10;

/// What is compared by name below.
const OURS: &str = "godaemon";
const OURS_AGAIN: &str = "godaemon again";
const PEER: &str = "daemonizable";

/// What is built: a name, the dependencies, and whether it uses the attribute. Those that are compared follow each other.
const PROGRAMS: [(&str, &[&str], bool); 10] = [
    ("bare", &[], false),
    (OURS, &["godaemon"], true),
    (OURS_AGAIN, &["godaemon"], true),
    (PEER, &["daemonizable"], false),
    ("daemonize", &["daemonize"], false),
    ("blivet", &["blivet"], false),
    ("syn", &["macros-full"], false),
    ("syn, godaemon", &["macros-full", "godaemon"], true),
    ("small syn", &["macros-small"], false),
    ("small syn, godaemon", &["macros-small", "godaemon"], true),
];

/// So many of them are built with optimisation, too.
const IN_RELEASE: usize = 6;

/// Crates with macros, such as the program of somebody who has syn already depends on, and their features of syn.
const MACROS: [(&str, &str); 2] = [
    // As in clap_derive and tokio-macros: more than ours needs.
    ("macros-full", r#"["full"]"#),
    // As in serde_derive and thiserror-impl: likewise.
    ("macros-small", "[]"),
];

fn main() -> Result<()> {
    let options = Options::from_args(BENCHMARK, &[options::ROUNDS, options::UPDATE])?;
    let rounds = options.rounds.unwrap_or(ROUNDS);
    let workspace = Workspace::new()?;
    let mut part = Part::new(BENCHMARK);
    part.paragraph(&format!("{}; {rounds} rounds.", machine::facts()?));

    let debug = Builds::measure(&workspace, rounds, PROGRAMS.len(), &[])?;
    debug.show(&mut part, "Debug builds, in seconds")?;
    let attribute = workspace.attribute(3 * rounds)?; // it takes no time
    let [median, low, high] = attribute.summary();
    part.paragraph(&format!(
        "The attribute, to those who have syn: {median:.2} s, from {low:.2} to {high:.2}; the goal is {GOAL_ATTRIBUTE}: {}.",
        verdict(false, median <= GOAL_ATTRIBUTE)
    ));
    for with in ["syn", "small syn"] {
        let library = debug.wall(&format!("{with}, godaemon"))?.minus(debug.wall(with)?);
        part.paragraph(&format!("All of it, to those who have {with}: {library} s."));
    }
    Builds::measure(&workspace, rounds, IN_RELEASE, &["--release"])?
        .show(&mut part, "Release builds, in seconds")?;
    if options.update { part.update() } else { Ok(()) }
}

/// What was measured of one kind of build.
struct Builds {
    names: Vec<&'static str>,
    crates: Vec<usize>,
    wall: Vec<Series>,
    processor: Vec<Series>,
}

impl Builds {
    fn measure(workspace: &Workspace, rounds: usize, programs: usize, args: &[&str]) -> Result<Builds> {
        let names: Vec<_> = PROGRAMS.iter().take(programs).map(|(name, ..)| *name).collect();
        let crates = names.iter().map(|name| workspace.crates(name)).collect::<Result<_>>()?;
        let mut processor = Vec::new();
        let wall = in_turn(rounds, &names, |name| {
            let cost = workspace.build(name, args)?;
            processor.push(cost.processor);
            Ok(cost.wall)
        })?;
        let of = |place| processor.iter().skip(place).step_by(names.len()).copied().collect();
        let processor = (0..names.len()).map(of).collect();
        Ok(Builds { names, crates, wall, processor })
    }

    fn wall(&self, name: &str) -> Result<&Series> {
        let place = self.names.iter().position(|own| *own == name);
        place.and_then(|place| self.wall.get(place)).ok_or_else(|| format!("{name} was not measured").into())
    }

    fn show(&self, part: &mut Part, heading: &str) -> Result<()> {
        let peer = self.wall(PEER)?;
        part.heading(heading);
        let over = format!("over {PEER}");
        let mut table =
            Table::new(1, &["program", "crates", "processor", "median", "p10", "p90", over.as_str()]);
        let series = self.wall.iter().zip(&self.processor);
        for ((name, crates), (wall, processor)) in self.names.iter().zip(&self.crates).zip(series) {
            let mut row =
                vec![(*name).to_owned(), crates.to_string(), format!("{:.2}", processor.quantile(0.5))];
            row.extend(wall.summary().map(|time| format!("{time:.2}")));
            row.push(wall.over(peer).to_string());
            table.row(row);
        }
        part.table(&table);

        let (ours, again) = (self.wall(OURS)?, self.wall(OURS_AGAIN)?);
        let void = again.over(ours).void(OURS);
        let (figure, is_void) = (ours.over(peer).median, void.is_some());
        void.into_iter().for_each(|void| part.paragraph(&void));
        part.paragraph(&format!(
            "{OURS} over {PEER}: {figure:.2}; the goal is {GOAL_LIBRARY}: {}.",
            verdict(is_void, figure <= GOAL_LIBRARY)
        ));
        let crates = self.names.iter().position(|own| *own == OURS).and_then(|place| self.crates.get(place));
        let crates = *crates.ok_or("ours was not built")?;
        part.paragraph(&format!(
            "Crates: {crates}; the goal is {GOAL_CRATES}: {}.",
            verdict(false, crates <= GOAL_CRATES)
        ));
        Ok(())
    }
}

/// What a build took, in seconds.
struct Cost {
    wall: f64,
    /// Of all processors together.
    processor: f64,
}

/// A workspace of its own, with one package for each program.
struct Workspace(Scratch);

impl Workspace {
    fn new() -> Result<Workspace> {
        let workspace = Workspace(Scratch::anew("compile_time")?);
        let root = project()?;
        workspace.0.write(
            "Cargo.toml",
            &format!(
                r#"[workspace]
members = ["macros-*", "program-*"]
resolver = "3"

[workspace.dependencies]
godaemon = {{ path = {root:?} }}
macros-full = {{ path = "macros-full" }}
macros-small = {{ path = "macros-small" }}
blivet = "0.15"
daemonizable = "0.2"
daemonize = "0.5"
"#
            ),
        )?;
        for (name, features) in MACROS {
            workspace.add_macros(name, features)?;
        }
        for (name, dependencies, has_attribute) in PROGRAMS {
            workspace.add_program(&package(name), dependencies, has_attribute)?;
        }
        workspace.0.fetch()?;
        Ok(workspace)
    }

    fn add_macros(&self, name: &str, features: &str) -> Result<()> {
        let manifest = format!(
            r#"[package]
name = "{name}"
edition = "2024"

[lib]
proc-macro = true

[dependencies]
proc-macro2 = "1"
quote = "1"
syn = {{ version = "3", features = {features} }}
"#
        );
        self.0.write(&format!("{name}/Cargo.toml"), &manifest)?;
        let source = r"#[proc_macro_derive(Nothing)]
pub fn nothing(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    let name = input.ident;
    quote::quote!(impl Nothing for #name {}).into()
}
";
        self.0.write(&format!("{name}/src/lib.rs"), source)
    }

    fn add_program(&self, package: &str, dependencies: &[&str], has_attribute: bool) -> Result<()> {
        let mut manifest = format!("[package]\nname = \"{package}\"\nedition = \"2024\"\n\n[dependencies]\n");
        for dependency in dependencies {
            manifest += &format!("{dependency}.workspace = true\n");
        }
        self.0.write(&format!("{package}/Cargo.toml"), &manifest)?;
        let attribute = if has_attribute { "#[godaemon::main]\n" } else { "" };
        self.0.write(&format!("{package}/src/main.rs"), &format!("{attribute}fn main() {{}}\n"))
    }

    /// Builds a program and everything that it depends on.
    fn build(&self, name: &str, args: &[&str]) -> Result<Cost> {
        self.0.remove("target")?;
        let package = package(name);
        let args = [&["build", "--offline", "--package", &package], args].concat();
        let (begin, processor_before) = (Instant::now(), processor_time()?);
        self.0.cargo(&args)?;
        Ok(Cost { wall: begin.elapsed().as_secs_f64(), processor: processor_time()? - processor_before })
    }

    /// Builds the crate of the attribute, again and again, where all that it depends on is there.
    fn attribute(&self, rounds: usize) -> Result<Series> {
        let build = ["build", "--offline", "--package", "godaemon-macros"];
        let clean = ["clean", "--offline", "--package", "godaemon-macros"];
        self.0.cargo(&build)?;
        let all = in_turn(rounds, &[()], |()| {
            self.0.cargo(&clean)?;
            let begin = Instant::now();
            self.0.cargo(&build)?;
            Ok(begin.elapsed().as_secs_f64())
        })?;
        all.into_iter().next().ok_or_else(|| "one way was measured".into())
    }

    /// How many crates a program needs.
    fn crates(&self, name: &str) -> Result<usize> {
        let package = package(name);
        let tree = self.0.cargo(&[
            "tree",
            "--offline",
            "--package",
            &package,
            "--edges",
            "normal,build",
            "--prefix",
            "none",
            "--no-dedupe",
        ])?;
        let with_itself: BTreeSet<&str> = tree.lines().collect();
        Ok(with_itself.len().saturating_sub(1))
    }
}

fn package(name: &str) -> String {
    format!("program-{}", name.replace(", ", "-").replace(' ', "-"))
}

/// Of all that this process has started and that has ended, in seconds.
fn processor_time() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    #[expect(clippy::cast_precision_loss, reason = "microseconds are not that many")]
    let seconds = (usage.user_time() + usage.system_time()).num_microseconds() as f64 / 1e6;
    Ok(seconds)
}
