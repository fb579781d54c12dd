//! What the library costs those who build: clean builds of small packages, ours beside others, and with and without a syn
//! that is there already.

use godaemon_bench::Result;
use godaemon_bench::measure::{Series, in_turn};
use godaemon_bench::options::{self, Options};
use godaemon_bench::scratch::{Scratch, project};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use std::collections::BTreeSet;
use std::thread;
use std::time::Instant;

/// How often each package is built, if nothing else is said.
const ROUNDS: usize = 3;

/// How much the attribute may cost those who have syn already, in seconds.
const GOAL_ATTRIBUTE: f64 = 1.5;

/// How much the library may cost, as a share of daemonizable.
const GOAL_LIBRARY: f64 = 1.0;

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
    // As in clap_derive and tokio-macros: all that ours needs.
    ("macros-full", r#"["full"]"#),
    // As in serde_derive and thiserror-impl: because of ours it is compiled with more.
    ("macros-small", "[]"),
];

fn main() -> Result<()> {
    let rounds = Options::from_args("compile_time", &[options::ROUNDS])?.rounds.unwrap_or(ROUNDS);
    let workspace = Workspace::new()?;
    let processors = thread::available_parallelism()?;
    println!(
        "{rounds} rounds of all clean builds in turn, {processors} processors; seconds; intervals of medians\n"
    );

    let debug = Table::measure(&workspace, rounds, PROGRAMS.len(), &[])?;
    debug.print("debug build")?;
    let attribute = workspace.attribute(3 * rounds)?; // it takes no time
    let [median, low, high] = [0.5, 0.1, 0.9].map(|share| attribute.quantile(share));
    println!(
        "the attribute, to those who have syn  {median:.2} from {low:.2} to {high:.2}  {}",
        verdict(median, GOAL_ATTRIBUTE)
    );
    let library = debug.wall("syn, godaemon")?.minus(debug.wall("syn")?);
    println!("all of it, to those who have syn      {library}");
    let library = debug.wall("small syn, godaemon")?.minus(debug.wall("small syn")?);
    println!("all of it, and `full` for their syn   {library}\n");

    Table::measure(&workspace, rounds, IN_RELEASE, &["--release"])?.print("release build")
}

fn verdict(figure: f64, goal: f64) -> String {
    let word = if figure < goal { "reached" } else { "MISSED" };
    format!("goal below {goal}: {word}")
}

/// What was measured of one kind of build.
struct Table {
    names: Vec<&'static str>,
    crates: Vec<usize>,
    wall: Vec<Series>,
    processor: Vec<Series>,
}

impl Table {
    fn measure(workspace: &Workspace, rounds: usize, programs: usize, args: &[&str]) -> Result<Table> {
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
        Ok(Table { names, crates, wall, processor })
    }

    fn wall(&self, name: &str) -> Result<&Series> {
        let place = self.names.iter().position(|own| *own == name);
        place.and_then(|place| self.wall.get(place)).ok_or_else(|| format!("{name} was not measured").into())
    }

    fn print(&self, kind: &str) -> Result<()> {
        let peer = self.wall(PEER)?;
        println!("{kind:20} crates processor median    p10    p90   over {PEER}");
        for (((name, crates), wall), processor) in
            self.names.iter().zip(&self.crates).zip(&self.wall).zip(&self.processor)
        {
            let [median, low, high] = wall.summary();
            print!("{name:20} {crates:6} {:9.2} {median:6.2} {low:6.2} {high:6.2}", processor.quantile(0.5));
            if *name != PEER {
                print!("   {}", wall.over(peer));
            }
            if *name == OURS {
                print!("  {}", verdict(wall.over(peer).median, GOAL_LIBRARY));
            }
            println!();
        }
        let itself = self.wall(OURS_AGAIN)?.over(self.wall(OURS)?);
        if let Some(void) = itself.void(OURS) {
            println!("{void}");
        }
        println!();
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
