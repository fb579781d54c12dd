//! A daemon with the options that its command line gives it.
//!
//!     dressed [--foreground] [--program-name NAME] [--working-dir PATH] [--umask OCTAL] [--start-timeout SECONDS]

use std::{env, error::Error, ffi::OsString, path::PathBuf, time::Duration};

#[godaemon::main(
    values = [args = Args::parse()?],
    foreground = args.foreground,
    program_name = &args.program_name,
    working_dir = &args.working_dir,
    umask = args.umask,
    start_timeout = args.start_timeout,
)]
fn main() -> Result<(), Box<dyn Error>> {
    Ok(support::obey("body")?)
}

struct Args {
    foreground: bool,
    program_name: Option<OsString>,
    working_dir: Option<PathBuf>,
    umask: u32,
    start_timeout: Option<Duration>,
}

impl Args {
    fn parse() -> Result<Self, Box<dyn Error>> {
        let mut parsed = Self {
            foreground: false,
            program_name: None,
            working_dir: None,
            umask: 0o022,
            start_timeout: None,
        };
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
                Some("--start-timeout") => {
                    let seconds = value()?.to_str().ok_or("not a number")?.parse()?;
                    parsed.start_timeout = Some(Duration::from_secs(seconds));
                }
                _ => return Err(format!("unknown argument {}", arg.display()).into()),
            }
        }
        Ok(parsed)
    }
}
