//! How much memory a process has had.

use std::fs;

/// The most memory that a process, a number or `self`, has had so far, in KiB; `None` where the system does not tell, or when
/// it has ended.
#[must_use]
pub fn peak(process: &str) -> Option<u64> {
    parse(&fs::read_to_string(format!("/proc/{process}/status")).ok()?)
}

fn parse(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_one_of_many_lines() {
        assert_eq!(parse("VmPeak:\t    3100 kB\nVmHWM:\t    1234 kB\nVmRSS:\t 1000 kB\n"), Some(1234));
        assert_eq!(parse("State:\tZ (zombie)\n"), None);
    }
}
