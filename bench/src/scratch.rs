//! Workspaces of their own, beside what cargo builds: what is in one is built as for those who have the library from the
//! registry, and stays there.

use crate::Result;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A folder with such a workspace, or with nothing yet.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// The one of that name, as it was left.
    pub fn open(name: &str) -> Result<Scratch> {
        let folder = target()?.join("tmp").join(name);
        fs::create_dir_all(&folder)?;
        Ok(Scratch(folder))
    }

    /// The one of that name, with nothing in it.
    pub fn anew(name: &str) -> Result<Scratch> {
        Scratch::open(name)?.remove("")?;
        Scratch::open(name)
    }

    /// A path in it.
    pub fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.0.join(path)
    }

    /// Writes a file. One that has this text already keeps its time, so that nothing is built for it again.
    pub fn write(&self, path: &str, text: &str) -> Result<()> {
        let path = self.path(path);
        if fs::read(&path).is_ok_and(|old| old == text.as_bytes()) {
            return Ok(());
        }
        fs::create_dir_all(path.parent().ok_or("a file is in a folder")?)?;
        Ok(fs::write(path, text)?)
    }

    /// Removes a folder with everything in it, if it is there.
    pub fn remove(&self, path: &str) -> Result<()> {
        match fs::remove_dir_all(self.path(path)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Fetches what the workspace depends on. What the machine has will do; only what it lacks is asked for.
    pub fn fetch(&self) -> Result<()> {
        self.cargo(&["fetch", "--offline"]).or_else(|_| self.cargo(&["fetch"]))?;
        Ok(())
    }

    /// What cargo prints: the one that runs the benchmark, in this workspace.
    pub fn cargo(&self, args: &[&str]) -> Result<String> {
        let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from(env!("CARGO"))));
        command.args(args).current_dir(&self.0).env("CARGO_TARGET_DIR", self.path("target"));
        // As for those who have the library from the registry, and without a cache of what is compiled.
        command.env("CARGO_INCREMENTAL", "0").env("RUSTC_WRAPPER", "");
        run(&mut command)
    }
}

/// What a command prints, if it succeeds.
pub fn run(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().map_err(|why| format!("{command:?}: {why}"))?;
    if !output.status.success() {
        let message = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{command:?}: {}\n{message}", output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// The folder of the project.
pub fn project() -> Result<PathBuf> {
    Ok(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?)
}

/// The folder that cargo has built this program in, which it marks. (What is in a library is not told where it is.)
fn target() -> Result<PathBuf> {
    let program = env::current_exe()?;
    let marked = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").exists());
    Ok(marked.ok_or("it is run where cargo has built it")?.to_path_buf())
}
