//! Go, and the real package.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{self, Command, Output},
    sync::LazyLock,
};

use support::program;

/// Where Debian puts packages for Go: the one with ours is `golang-github-vividcortex-godaemon-dev`.
const PACKAGES: &str = "/usr/share/gocode";

/// The program in Go.
pub(crate) const SOURCE: &str = include_str!("program.go");

/// The program in Go, built once for all tests; or why there is none.
pub(crate) fn program() -> Result<&'static Path, &'static str> {
    static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
        // The name is that of the other twin, for it shows.
        let (source, program) = (file("twin.go", SOURCE), folder().join("twin"));
        go([OsStr::new("build"), "-o".as_ref(), program.as_ref(), source.as_ref()]);
        program
    });
    installed().map(|()| PROGRAM.as_path())
}

/// Each of these programs is formatted as it should be, compiles, and has nothing that `go vet` knows better.
pub(crate) fn assert_in_order<'a>(programs: impl IntoIterator<Item = &'a str>) -> Result<(), &'static str> {
    installed()?;
    for (number, program) in programs.into_iter().enumerate() {
        let source = file(&format!("program-{number}.go"), program);
        let changes = run(Command::new("gofmt").arg("-d").arg(&source)).stdout;
        assert!(changes.is_empty(), "gofmt changes\n{program}\nby\n{}", String::from_utf8_lossy(&changes));
        go([OsStr::new("vet"), source.as_ref()]);
    }
    Ok(())
}

fn installed() -> Result<(), &'static str> {
    static INSTALLED: LazyLock<bool> = LazyLock::new(|| {
        let package = Path::new(PACKAGES).join("src/github.com/VividCortex/godaemon");
        Command::new("go").arg("version").output().is_ok_and(|output| output.status.success())
            && package.exists()
    });
    INSTALLED.then_some(()).ok_or("Go or its package godaemon is not installed")
}

/// What is built stays beside the programs that cargo built, so that the next run finds it.
fn folder() -> &'static Path {
    static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
        let folder = Path::new(program!("twin")).with_file_name("go");
        fs::create_dir_all(&folder).unwrap();
        folder
    });
    &FOLDER
}

/// Puts a file there. At no time can it be seen without its text: a second run may be under way.
fn file(name: &str, text: &str) -> PathBuf {
    let path = folder().join(name);
    let new = folder().join(format!("{name}.{}", process::id()));
    fs::write(&new, text).unwrap();
    fs::rename(new, &path).unwrap();
    path
}

/// Without a network, without a home, and whatever the user's own settings are.
fn go<const N: usize>(arguments: [&OsStr; N]) {
    let mut command = Command::new("go");
    command.args(arguments).env("GO111MODULE", "off").env("GOPATH", PACKAGES).env("GOFLAGS", "");
    command.env("GOENV", "off").env("GOCACHE", folder().join("cache")).env("GOTMPDIR", folder());
    // Neither program needs C, and so nobody needs a compiler for it.
    run(command.env("CGO_ENABLED", "0"));
}

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}
