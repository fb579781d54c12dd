//! A daemon with the options that its command line gives it.
//!
//!     dressed [--foreground] [--program-name NAME] [--working-dir PATH] [--umask OCTAL]

use std::{env, error::Error, ffi::OsString, path::PathBuf};

#[godaemon::main(
    values = [args = Args::parse()?],
    foreground = args.foreground,
    program_name = &args.program_name,
    working_dir = &args.working_dir,
    umask = args.umask,
)]
fn main() -> Result<(), Box<dyn Error>> {
    Ok(support::obey("body")?)
}

struct Args {
    foreground: bool,
    program_name: Option<OsString>,
    working_dir: Option<PathBuf>,
    umask: u32,
}

impl Args {
    fn parse() -> Result<Self, Box<dyn Error>> {
        let mut parsed = Self { foreground: false, program_name: None, working_dir: None, umask: 0o022 };
        let mut args = env::args_os().skip(1);
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or("a value is missing");
            match arg.to_str() {
                Some("--foreground") => parsed.foreground = true,
                Some("--program-name") => parsed.program_name = Some(value()?),
                Some("--working-dir") => parsed.working_dir = Some(value()?.into()),
                Some("--umask") => {
                    parsed.umask = u32::from_str_radix(value()?.to_str().ok_or("not a number")?, 8)?;
                }
                _ => return Err(format!("unknown argument {}", arg.display()).into()),
            }
        }
        Ok(parsed)
    }
}
