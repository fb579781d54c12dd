//! The programs that `start_up` measures: floors, ours, peers; and some of them with a weight.
//!
//! Those in Rust are built in a workspace of their own, those in other languages by what builds them usually, if it is
//! there. Nothing is installed.

use crate::Result;
use crate::scratch::{Scratch, project, run};
use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};
use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program that can be measured, or the reason why it cannot.
#[derive(Clone, Debug)]
pub struct Program {
    /// What it is called in a table. With a weight it has the name that it has without.
    pub name: &'static str,
    /// The executable.
    pub path: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// What it is there for.
    pub kind: Kind,
    /// What makes it heavy, if anything does.
    pub weight: Option<&'static str>,
    /// The program of the same language and weight that does nothing but report, whose size is what this one's is
    /// compared with. That program itself, and a script, have none.
    pub bare: Option<PathBuf>,
    /// What is not installed, by its packages in Debian, if it could not be built.
    pub missing: Option<String>,
}

/// What a program is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Does what cannot be left out.
    Floor,
    /// Uses this library.
    Ours,
    /// Uses another library.
    Peer,
}

/// A program in Rust.
struct InRust {
    name: &'static str,
    kind: Kind,
    /// In the folder of the sources.
    source: &'static str,
    /// Besides what reports.
    dependencies: &'static [&'static str],
    /// Whether it takes as an argument the folder for its files.
    has_files: bool,
}

/// What the others in Rust are compared with.
const BARE: &str = "floors/run_and_exit.rs";

const IN_RUST: [InRust; 16] = [
    floor("F0 run and exit", BARE),
    floor("F1 two execs, parent leaves", "floors/two_execs.rs"),
    floor("F4 two execs, parent waits", "floors/two_execs_waits.rs"),
    floor("fork and fork, parent waits", "floors/fork_and_fork.rs"),
    floor("one exec, parent waits", "floors/one_exec.rs"),
    floor("vfork, one exec, parent waits", "floors/one_exec_vfork.rs"),
    floor("shared memory, one exec, parent waits", "floors/one_exec_shared.rs"),
    floor("fork, one exec, parent waits", "floors/one_exec_fork.rs"),
    ours("godaemon", "ours/plain.rs"),
    ours("godaemon again", "ours/plain.rs"),
    InRust { has_files: true, ..ours("godaemon, everything", "ours/everything.rs") },
    InRust { has_files: true, ..ours("godaemon, log files", "ours/log_files.rs") },
    peer("daemonizable", "peers/daemonizable.rs", &["daemonizable"]),
    peer("blivet", "peers/blivet.rs", &["blivet"]),
    peer("fork", "peers/fork.rs", &["fork"]),
    peer("daemonize", "peers/daemonize.rs", &["daemonize"]),
];

const fn floor(name: &'static str, source: &'static str) -> InRust {
    InRust { name, kind: Kind::Floor, source, dependencies: &["libc"], has_files: false }
}

const fn ours(name: &'static str, source: &'static str) -> InRust {
    InRust { name, kind: Kind::Ours, source, dependencies: &["godaemon"], has_files: false }
}

const fn peer(name: &'static str, source: &'static str, dependencies: &'static [&'static str]) -> InRust {
    InRust { name, kind: Kind::Peer, source, dependencies, has_files: false }
}

/// Something that makes a program heavy.
struct Weight {
    name: &'static str,
    /// The source of the crate that has it, without its ending: the name of the crate as well.
    krate: &'static str,
    /// What the linker looks for, and the package that has it.
    library: Option<(&'static str, &'static str)>,
}

/// Without a weight the crate is there, too, with nothing in it.
const NOTHING: &str = "nothing";

const WEIGHTS: [Weight; 5] = [
    Weight { name: "64 MiB of data", krate: "data", library: None },
    Weight { name: "100,000 relocations", krate: "relocations", library: None },
    Weight { name: "libcurl", krate: "libcurl", library: Some(("libcurl.so.4", "libcurl4")) },
    Weight { name: "libLLVM", krate: "libllvm", library: Some(("libLLVM-14.so.1", "libllvm14")) },
    Weight { name: "a constructor of 20 ms", krate: "constructor", library: None },
];

/// What there is with each weight.
const HEAVY: [&str; 4] =
    ["F0 run and exit", "F4 two execs, parent waits", "vfork, one exec, parent waits", "godaemon"];

/// A program in another language.
struct Foreign {
    name: &'static str,
    language: Language,
    /// In the folder of the sources.
    source: &'static str,
    /// What it is built and run with besides its language: where that is, and the package that has it.
    needs: (&'static str, &'static str),
}

enum Language {
    Go,
    Python,
    /// With what the linker is told besides.
    C(&'static [&'static str]),
}

const FOREIGN: [Foreign; 4] = [
    Foreign {
        name: "Go godaemon",
        language: Language::Go,
        source: "peers/godaemon.go",
        needs: (
            "/usr/share/gocode/src/github.com/VividCortex/godaemon",
            "golang-github-vividcortex-godaemon-dev",
        ),
    },
    Foreign {
        name: "Go sevlyar",
        language: Language::Go,
        source: "peers/sevlyar.go",
        needs: ("/usr/share/gocode/src/github.com/sevlyar/go-daemon", "golang-github-sevlyar-go-daemon-dev"),
    },
    Foreign {
        name: "python-daemon",
        language: Language::Python,
        source: "peers/python_daemon.py",
        needs: ("/usr/lib/python3/dist-packages/daemon", "python3-daemon"),
    },
    Foreign {
        name: "libdaemon",
        language: Language::C(&["-ldaemon"]),
        source: "peers/libdaemon.c",
        needs: ("/usr/include/libdaemon/dfork.h", "libdaemon-dev"),
    },
];

/// Builds what is missing. All programs in the order of the table, those with a weight last, weight by weight.
pub fn build() -> Result<Vec<Program>> {
    let site = Site::new()?;
    let mut programs = site.in_rust()?;
    let heavy = programs.split_off(IN_RUST.len());
    for foreign in &FOREIGN {
        programs.push(site.foreign(foreign)?);
    }
    programs.extend(heavy);
    Ok(programs)
}

/// Where programs are built.
struct Site {
    scratch: Scratch,
    sources: PathBuf,
}

impl Site {
    fn new() -> Result<Site> {
        let sources = project()?.join("bench/programs/start_up");
        let site = Site { scratch: Scratch::open("start_up")?, sources };
        for folder in ["built", "files", "programs"] {
            fs::create_dir_all(site.scratch.path(folder))?;
        }
        Ok(site)
    }

    /// All programs in Rust, without a weight and then with each.
    fn in_rust(&self) -> Result<Vec<Program>> {
        let light = IN_RUST.iter().map(|program| (program, None));
        let heavy = WEIGHTS.iter().flat_map(|weight| {
            let programs = IN_RUST.iter().filter(|program| HEAVY.contains(&program.name));
            programs.map(move |program| (program, Some(weight)))
        });
        let all: Vec<_> =
            light.chain(heavy).map(|(program, weight)| (program, weight, missing(weight))).collect();

        let mut packages = BTreeMap::new();
        for (program, weight, missing) in &all {
            if missing.is_none() {
                packages.insert(package(program.source, *weight), (*program, *weight));
            }
        }
        self.write_workspace(&packages)?;
        self.scratch.fetch()?;
        self.scratch.cargo(&["build", "--offline", "--release", "--workspace"])?;

        let entry = |(program, weight, missing): (&InRust, Option<&Weight>, Option<String>)| {
            let path = self.place_of(program.name, weight);
            if missing.is_none() {
                let built = self.scratch.path("target/release").join(package(program.source, weight));
                place(&built, &path)?;
            }
            let bare = IN_RUST.iter().find(|other| other.source == BARE && program.source != BARE);
            Ok(Program {
                name: program.name,
                path,
                args: if program.has_files { vec![self.scratch.path("files").into()] } else { Vec::new() },
                kind: program.kind,
                weight: weight.map(|weight| weight.name),
                bare: bare.map(|bare| self.place_of(bare.name, weight)),
                missing,
            })
        };
        all.into_iter().map(entry).collect()
    }

    /// A package for each program, one for each weight, and one for what all of them do.
    fn write_workspace(&self, packages: &BTreeMap<String, (&InRust, Option<&Weight>)>) -> Result<()> {
        let members: Vec<&String> = packages.keys().collect();
        let manifest = format!(
            r#"[workspace]
members = {members:?}
resolver = "3"

[workspace.dependencies]
report = {{ path = "report" }}
godaemon = {{ path = {project:?} }}
libc = "0.2"
blivet = {{ version = "0.15", default-features = false }}
daemonizable = "0.2"
daemonize = "0.5"
fork = "0.11"

[profile.release]
opt-level = 3
lto = true
codegen-units = 1
strip = true
"#,
            project = project()?
        );
        self.scratch.write("Cargo.toml", &manifest)?;
        self.write_library("report", &project()?.join("bench/src/report.rs"), "libc.workspace = true")?;
        for krate in WEIGHTS.iter().map(|weight| weight.krate).chain([NOTHING]) {
            let source = self.sources.join("weights").join(krate).with_extension("rs");
            self.write_library(&format!("weight-{krate}"), &source, "")?;
        }
        for (package, (program, weight)) in packages {
            let weight = format!("weight-{}", weight.map_or(NOTHING, |weight| weight.krate));
            let dependencies: String =
                program.dependencies.iter().map(|name| format!("{name}.workspace = true\n")).collect();
            let manifest = format!(
                r#"[package]
name = "{package}"
edition = "2024"

[[bin]]
name = "{package}"
path = {source:?}

[dependencies]
report.workspace = true
weight = {{ package = "{weight}", path = "../{weight}" }}
{dependencies}"#,
                source = self.sources.join(program.source)
            );
            self.scratch.write(&format!("{package}/Cargo.toml"), &manifest)?;
        }
        Ok(())
    }

    fn write_library(&self, package: &str, source: &Path, dependencies: &str) -> Result<()> {
        let manifest = format!(
            r#"[package]
name = "{package}"
edition = "2024"

[lib]
path = {source:?}

[dependencies]
{dependencies}
"#
        );
        self.scratch.write(&format!("{package}/Cargo.toml"), &manifest)
    }

    fn foreign(&self, foreign: &Foreign) -> Result<Program> {
        let language = match foreign.language {
            Language::Go => ("go", "golang-go"),
            Language::Python => (PYTHON, "python3"),
            Language::C(_) => ("gcc", "gcc"),
        };
        let missing: Vec<&str> = [language, foreign.needs]
            .into_iter()
            .filter_map(|(what, package)| (!is_there(what)).then_some(package))
            .collect();
        let mut program = Program {
            name: foreign.name,
            path: self.place_of(foreign.name, None),
            args: Vec::new(),
            kind: Kind::Peer,
            weight: None,
            bare: None,
            missing: (!missing.is_empty()).then(|| missing.join(", ")),
        };
        if program.missing.is_none() {
            match foreign.language {
                Language::Go => {
                    program.bare = Some(self.go("bare, Go", "peers/bare.go")?);
                    self.go(foreign.name, foreign.source)?;
                }
                Language::Python => {
                    place(&self.sources.join(foreign.source), &program.path)?;
                    program.args = vec![program.path.into()];
                    program.path = PYTHON.into();
                }
                Language::C(links) => {
                    program.bare = Some(self.gcc("bare, C", "peers/bare.c", &[])?);
                    self.gcc(foreign.name, foreign.source, links)?;
                }
            }
        }
        Ok(program)
    }

    /// Compiles a program in Go, stripped as those in Rust are. Where it is then.
    fn go(&self, name: &str, source: &str) -> Result<PathBuf> {
        let mut go = Command::new("go");
        // Without a network, without a home, and whatever the user's own settings are.
        go.env("GO111MODULE", "off")
            .env("GOPATH", "/usr/share/gocode")
            .env("GOFLAGS", "")
            .env("GOENV", "off");
        go.env("CGO_ENABLED", "0").env("GOCACHE", self.scratch.path("go"));
        self.compile(go.args(["build", "-ldflags", "-s -w"]), name, &["peers/report.go", source], &[])
    }

    /// Compiles a program in C, likewise.
    fn gcc(&self, name: &str, source: &str, links: &[&str]) -> Result<PathBuf> {
        self.compile(Command::new("gcc").args(["-O2", "-s"]), name, &[source], links)
    }

    fn compile(
        &self,
        compiler: &mut Command,
        name: &str,
        sources: &[&str],
        links: &[&str],
    ) -> Result<PathBuf> {
        let built = self.scratch.path("built").join(file_name(name, None));
        let sources = sources.iter().map(|source| self.sources.join(source));
        run(compiler.arg("-o").arg(&built).args(sources).args(links))?;
        let path = self.place_of(name, None);
        place(&built, &path)?;
        Ok(path)
    }

    fn place_of(&self, name: &str, weight: Option<&Weight>) -> PathBuf {
        self.scratch.path("programs").join(file_name(name, weight))
    }
}

/// The one of the system, which has the packages of the system.
const PYTHON: &str = "/usr/bin/python3";

/// Whether there is such a path, or such a command.
fn is_there(what: &str) -> bool {
    let folders = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&folders).any(|folder| folder.join(what).exists())
}

/// The package that a weight needs and that is not installed.
fn missing(weight: Option<&Weight>) -> Option<String> {
    let (library, package) = weight?.library?;
    // It prints the path of a file that the linker would find, or else what it was asked for.
    let answer = run(Command::new("cc").arg(format!("-print-file-name={library}"))).unwrap_or_default();
    (!Path::new(answer.trim()).is_absolute()).then(|| package.to_string())
}

/// The package, and the executable, of a program in Rust.
fn package(source: &str, weight: Option<&Weight>) -> String {
    let name = source.trim_end_matches(".rs").replace(['/', '_'], "-");
    format!("{name}{}", suffix(weight))
}

/// The file of a program that has this name in a table.
fn file_name(name: &str, weight: Option<&Weight>) -> String {
    let words: Vec<String> = name
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    format!("{}{}", words.join("-"), suffix(weight))
}

fn suffix(weight: Option<&Weight>) -> String {
    weight.map(|weight| format!("-with-{}", weight.krate)).unwrap_or_default()
}

/// Copies a program to where it is measured. How the pages of a file came into memory shows in the time that an exec takes:
/// so each file comes there by the same way, and none of it is left in memory.
fn place(built: &Path, path: &Path) -> Result<()> {
    // One that runs cannot be written to.
    if path.exists() {
        fs::remove_file(path)?;
    }
    fs::copy(built, path)?;
    let file = File::open(path)?;
    file.sync_all()?;
    Ok(posix_fadvise(&file, 0, 0, PosixFadviseAdvice::POSIX_FADV_DONTNEED)?)
}

#[cfg(test)]
mod tests;
