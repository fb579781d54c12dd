//! What a figure depends on besides the program.

use crate::Result;
use std::fs;
use std::process::Command;
use std::thread;

/// Kernel, C library, processors and compiler.
///
/// # Errors
///
/// There is no compiler to ask.
pub fn facts() -> Result<String> {
    let system = said_by("uname", &["-s", "-r", "-m"]).ok_or("no `uname`")?;
    let [name, release, architecture] = system.split(' ').collect::<Vec<_>>()[..] else {
        return Err(format!("no system: {system:?}").into());
    };
    // What a distribution puts behind the version says nothing here.
    let release = release.split('-').next().unwrap_or_default();
    let libc =
        said_by("getconf", &["GNU_LIBC_VERSION"]).map_or(String::new(), |version| format!(", {version}"));
    let processors = thread::available_parallelism()?;
    let model = model().map_or(String::new(), |model| format!(" ({model})"));
    let compiler = said_by("rustc", &["--version"]).ok_or("no `rustc --version`")?;
    let compiler = compiler.split(" (").next().unwrap_or_default();
    Ok(format!("{name} {release} on {architecture}{libc}, {processors} processors{model}, {compiler}"))
}

/// What a program prints, if there is such a program.
fn said_by(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// What the processors are called, where the system tells.
fn model() -> Option<String> {
    let processors = fs::read_to_string("/proc/cpuinfo").ok()?;
    let (_, model) = processors.lines().find(|line| line.starts_with("model name"))?.split_once(": ")?;
    Some(model.to_owned())
}
