//! How many system calls a program makes, all its processes together, counted by `strace`.

use std::num::ParseIntError;

/// The system calls of a run. What `strace` does not count is what never returns: the end of each process.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SystemCalls {
    /// `rt_sigaction`. libc's `posix_spawn` makes one for each signal, in the new process.
    pub rt_sigaction: u64,
    /// All others.
    pub others: u64,
}

impl SystemCalls {
    /// What makes `strace` count them, in all that comes of a program.
    pub const STRACE: [&str; 3] = ["-f", "-c", "-qq"];

    /// Those of the run that is in the middle; none of no runs.
    #[must_use]
    pub fn median(mut runs: Vec<SystemCalls>) -> SystemCalls {
        runs.sort_by_key(|run| run.others);
        runs.get(runs.len() / 2).copied().unwrap_or_default()
    }

    /// From the table that it writes then.
    ///
    /// # Errors
    ///
    /// A line that is none of it.
    pub fn from_strace(table: &str) -> Result<SystemCalls, String> {
        let mut calls = SystemCalls::default();
        let mut rows = table.lines().skip_while(|line| !line.starts_with("---")).skip(1);
        for line in rows.by_ref().take_while(|line| !line.starts_with("---")) {
            // Percent, seconds, microseconds for each call, calls, errors if there were any, name.
            let cells: Vec<&str> = line.split_whitespace().collect();
            let [_, _, _, count, .., name] = cells[..] else {
                return Err(format!("no system call: {line:?}"));
            };
            let count: u64 = count.parse().map_err(|why: ParseIntError| format!("{line:?}: {why}"))?;
            match name {
                "rt_sigaction" => calls.rt_sigaction += count,
                _ => calls.others += count,
            }
        }
        // The sum follows: so the table is complete.
        match rows.next() {
            Some(line) if line.ends_with(" total") => Ok(calls),
            _ => Err(format!("not what strace counts: {table:?}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 83.77    0.000258         129         2         1 wait4
 16.23    0.000050           7         7           rt_sigaction
  0.00    0.000000           0        38           mmap
------ ----------- ----------- --------- --------- ----------------
100.00    0.000308           6        47         1 total
";

    #[test]
    fn calls_are_added_up() {
        assert_eq!(SystemCalls::from_strace(TABLE), Ok(SystemCalls { rt_sigaction: 7, others: 40 }));
    }

    #[test]
    fn what_comes_before_the_table_does_not_matter() {
        let table = format!("strace: something went by\n{TABLE}");
        assert_eq!(SystemCalls::from_strace(&table), SystemCalls::from_strace(TABLE));
    }

    #[test]
    fn anything_but_a_whole_table_is_refused() {
        assert!(SystemCalls::from_strace("").is_err());
        assert!(SystemCalls::from_strace(&TABLE.replace("mmap", "")).is_err());
        let (cut, _) = TABLE.rsplit_once("------ ").expect("there is a last rule");
        assert!(SystemCalls::from_strace(cut).is_err());
    }
}
