//! A daemon that becomes whoever its command line says, and tells what it finds then.
//!
//!     changed [--user USER] [--group GROUP] [--pid-file PATH] [--log PATH] [--file PATH] [--listen ADDRESS]
//!             [--come-back NUMBER] [--foreground]

use std::{
    env,
    error::Error,
    ffi::OsString,
    fs::File,
    io::{self, Read, Write},
    net::TcpListener,
    path::PathBuf,
};

use nix::unistd::{Gid, Uid, setegid, seteuid, setgid, setgroups, setresgid, setresuid, setuid};

#[godaemon::main(
    values = [args = Args::parse()?, seen = variables()],
    foreground = args.foreground,
    pid_file = &args.pid_file,
    stdout = &args.log,
    stderr = &args.log,
    user = &args.user,
    group = &args.group,
    files = [
        file = args.file.as_ref().map(open).transpose()?,
        listener = args.listen.as_ref().map(TcpListener::bind).transpose()?,
    ],
)]
fn main(
    args: Args,
    seen: String,
    file: Option<File>,
    listener: Option<TcpListener>,
) -> Result<(), Box<dyn Error>> {
    let came_back = args.come_back.map(come_back).unwrap_or_default();
    let mut text = String::new();
    if let Some(mut file) = file.as_ref() {
        file.read_to_string(&mut text)?;
    }
    support::obey_with("body", &[("seen", &seen), ("came_back", &came_back), ("text", &text)])?;
    if let Some(listener) = listener {
        let (mut caller, _) = listener.accept()?;
        caller.write_all(b"hello")?;
    }
    Ok(())
}

#[derive(Default)]
struct Args {
    foreground: bool,
    user: Option<String>,
    group: Option<String>,
    pid_file: Option<PathBuf>,
    log: Option<PathBuf>,
    file: Option<PathBuf>,
    listen: Option<String>,
    come_back: Option<u32>,
}

impl Args {
    fn parse() -> Result<Self, Box<dyn Error>> {
        let mut parsed = Self::default();
        let mut args = env::args_os().skip(1);
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or("a value is missing");
            let text = |value: OsString| value.into_string().map_err(|_| "not UTF-8");
            match arg.to_str() {
                Some("--foreground") => parsed.foreground = true,
                Some("--user") => parsed.user = Some(text(value()?)?),
                Some("--group") => parsed.group = Some(text(value()?)?),
                Some("--pid-file") => parsed.pid_file = Some(value()?.into()),
                Some("--log") => parsed.log = Some(value()?.into()),
                Some("--file") => parsed.file = Some(value()?.into()),
                Some("--listen") => parsed.listen = Some(text(value()?)?),
                Some("--come-back") => parsed.come_back = Some(text(value()?)?.parse()?),
                _ => return Err(format!("unknown argument {}", arg.display()).into()),
            }
        }
        Ok(parsed)
    }
}

/// Who the user is, as the environment says. Looked at in the parent and in the daemon.
fn variables() -> String {
    let variable = |name| env::var_os(name).unwrap_or_else(|| "-".into());
    ["HOME", "USER", "LOGNAME"].map(variable).map(|value| value.display().to_string()).join(" ")
}

/// There afterwards, whether it was there before or not.
fn open(path: &PathBuf) -> io::Result<File> {
    File::options().read(true).append(true).create(true).open(path)
}

/// Every way to this user and group, root's most of all: those that are open.
fn come_back(number: u32) -> String {
    let (user, group) = (Uid::from_raw(number), Gid::from_raw(number));
    let ways = [
        ("setgroups", setgroups(&[group])),
        ("setgid", setgid(group)),
        ("setegid", setegid(group)),
        ("setresgid", setresgid(group, group, group)),
        ("setuid", setuid(user)),
        ("seteuid", seteuid(user)),
        ("setresuid", setresuid(user, user, user)),
    ];
    ways.into_iter().filter(|(_, result)| result.is_ok()).map(|(way, _)| way).collect::<Vec<_>>().join(" ")
}
