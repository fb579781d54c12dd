//! What the user asks of a benchmark, on its command line.

use crate::Result;
use std::env;

/// How often each way is run.
pub const ROUNDS: &str = "--rounds N";

/// The page is brought up to date.
pub const UPDATE: &str = "--update";

/// Only what has this word in its name is measured.
pub const ONLY: &str = "--only WORD";

/// What the user asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// [`ROUNDS`].
    pub rounds: Option<usize>,
    /// [`UPDATE`].
    pub update: bool,
    /// [`ONLY`].
    pub only: Option<String>,
}

impl Options {
    /// From the command line of a benchmark that has the given options.
    ///
    /// # Errors
    ///
    /// Anything else that is asked for.
    pub fn from_args(benchmark: &str, offered: &[&str]) -> Result<Options> {
        // Cargo itself says `--bench`.
        let args = env::args().skip(1).filter(|arg| arg != "--bench");
        parse(args, offered).ok_or_else(|| {
            let offered: String = offered.iter().map(|option| format!(" [{option}]")).collect();
            format!("usage: cargo bench -p godaemon-bench --bench {benchmark} --{offered}").into()
        })
    }
}

fn parse(mut args: impl Iterator<Item = String>, offered: &[&str]) -> Option<Options> {
    let mut options = Options::default();
    while let Some(arg) = args.next() {
        let option = offered.iter().find(|option| option.split(' ').next() == Some(&arg))?;
        match *option {
            ROUNDS => options.rounds = Some(args.next()?.parse().ok().filter(|rounds| *rounds > 0)?),
            UPDATE => options.update = true,
            ONLY => options.only = Some(args.next()?),
            _ => return None,
        }
    }
    // A page that lacks what nobody asked for would be worse than the old one.
    (!options.update || options.only.is_none()).then_some(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(args: &str, offered: &[&str]) -> Option<Options> {
        parse(args.split_whitespace().map(str::to_owned), offered)
    }

    #[test]
    fn options_stand_in_any_order() {
        let all = [ROUNDS, UPDATE, ONLY];
        assert_eq!(parsed("", &all), Some(Options::default()));
        let expected = Options { rounds: Some(7), update: true, only: None };
        assert_eq!(parsed("--update --rounds 7", &all), Some(expected));
        let expected = Options { only: Some("fork".to_owned()), ..Options::default() };
        assert_eq!(parsed("--only fork", &all), Some(expected));
    }

    #[test]
    fn anything_else_is_refused() {
        let all = [ROUNDS, UPDATE, ONLY];
        for args in ["--rounds", "--rounds x", "--rounds 0", "--only", "--only fork --update", "fork", "-h"] {
            assert_eq!(parsed(args, &all), None, "{args}");
        }
        assert_eq!(parsed("--update", &[ROUNDS]), None);
    }
}
