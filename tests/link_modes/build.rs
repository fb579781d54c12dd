//! Building programs and libraries in every way to link, with the cargo that runs the tests, and without a network.

use std::{
    collections::BTreeMap,
    env,
    ffi::OsString,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{self, Command, Output},
    sync::{LazyLock, Mutex, PoisonError},
};

/// What kind of executable a program becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Its libraries, glibc among them, are loaded when it starts.
    Dynamic,
    /// Everything is in it, and it may be loaded at any address.
    StaticPie,
    /// Everything is in it, and each part has its fixed address.
    Static,
}

impl Kind {
    /// For all crates of the program, as a user would do it.
    fn flags(self) -> &'static str {
        match self {
            Kind::Dynamic => "",
            Kind::StaticPie => "-C target-feature=+crt-static",
            Kind::Static => "-C target-feature=+crt-static -C relocation-model=static",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Linker {
    /// GNU ld.
    Bfd,
    /// That of LLVM: the one that comes with rustc, or the system's.
    Lld,
}

impl Linker {
    pub(crate) fn flag(self) -> &'static str {
        match self {
            Linker::Bfd => "-fuse-ld=bfd",
            Linker::Lld => "-fuse-ld=lld",
        }
    }
}

/// What was built; or why nothing can be linked in this way here.
type Built = Result<PathBuf, String>;

/// One of the programs.
pub(crate) fn program(name: &'static str, kind: Kind, linker: Linker) -> Built {
    build_once(&["-p", "godaemon-link-modes", "--bin", name], name, kind, linker)
}

/// The shared library.
pub(crate) fn library(linker: Linker) -> Built {
    build_once(&["-p", "godaemon-link-modes-library"], "libguest.so", Kind::Dynamic, linker)
}

/// One after the other: what is linked in the next way comes to the same place first.
fn build_once(target: &[&str], file: &'static str, kind: Kind, linker: Linker) -> Built {
    static BUILT: Mutex<BTreeMap<(&str, Kind, Linker), Built>> = Mutex::new(BTreeMap::new());
    // One that could not be built has failed its test, and will fail the next one.
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    built.entry((file, kind, linker)).or_insert_with(|| build(target, file, kind, linker)).clone()
}

/// Builds what `target` says, and gives the path of its `file`.
fn build(target: &[&str], file: &str, kind: Kind, linker: Linker) -> Built {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("link_modes");
    let kept = folder.join(format!("{kind:?}-{linker:?}"));
    fs::create_dir_all(&kept).unwrap();
    // A second run of the tests may be under way.
    let lock = File::create(folder.join("lock")).unwrap();
    lock.lock().unwrap();
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["rustc", "--quiet", "--offline", "--target", *HOST, "--target-dir"]).arg(&folder);
    command.args(target).args(["--", "-C"]).arg(format!("link-arg={}", linker.flag()));
    // Whatever the tests themselves are built with.
    command.env("RUSTFLAGS", kind.flags()).env_remove("CARGO_ENCODED_RUSTFLAGS");
    command.env("CARGO_PROFILE_DEV_DEBUG", "0").current_dir(env!("CARGO_MANIFEST_DIR"));
    let output = command.output().unwrap();
    if !output.status.success() {
        // If anything can be linked in this way, the fault is ours.
        let why = String::from_utf8_lossy(&output.stderr);
        assert!(!links_at_all(&folder, kind, linker), "{kind:?}, {linker:?}: {why}");
        return Err(format!("nothing can be linked here as {kind:?} by {linker:?}"));
    }
    // Given a name, and not copied: a program that this process has just written is busy as long as any child of another
    // test has not begun its own. And the name is never without a file.
    let (path, new) = (kept.join(file), kept.join(format!("{file}.{}", process::id())));
    fs::hard_link(folder.join(*HOST).join("debug").join(file), &new).unwrap();
    fs::rename(&new, &path).unwrap();
    // Between two names of one file a `rename` leaves both.
    let _ = fs::remove_file(new);
    Ok(path)
}

/// Whether a program without ours, and without any crate, can be linked in this way.
fn links_at_all(folder: &Path, kind: Kind, linker: Linker) -> bool {
    let source = folder.join("empty.rs");
    fs::write(&source, "fn main() {}\n").unwrap();
    let mut command = Command::new(rustc());
    command.args(kind.flags().split_whitespace()).arg("-C").arg(format!("link-arg={}", linker.flag()));
    command.arg("-o").arg(folder.join("empty")).arg(source).output().unwrap().status.success()
}

fn rustc() -> OsString {
    env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())
}

/// What rustc compiles for if nothing else is said. Said all the same, for then cargo keeps the flags away from macros and
/// build scripts, which cannot be static.
static HOST: LazyLock<&str> = LazyLock::new(|| {
    let version = output(Command::new(rustc()).arg("-vV"));
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    host.to_owned().leak()
});

/// What `readelf` shows of a file.
pub(crate) fn readelf(options: &[&str], file: &Path) -> String {
    output(Command::new("readelf").env("LC_ALL", "C").args(options).arg("--wide").arg(file))
}

/// Which linker made a file: lld signs what it makes.
#[track_caller]
pub(crate) fn assert_linked_by(linker: Linker, file: &Path) {
    let comment = readelf(&["--string-dump=.comment"], file);
    assert!(comment.contains("rustc"), "{comment}");
    assert_eq!(comment.contains("Linker: ") || comment.contains("LLD"), linker == Linker::Lld, "{comment}");
}

/// What a command prints that succeeds.
#[track_caller]
pub(crate) fn output(command: &mut Command) -> String {
    let Output { status, stdout, stderr } =
        command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(status.success(), "{command:?}: {}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap()
}
