//! The stage in the environment: how it is written, and what a process may think of the one it finds. Pure; the
//! system's answers come in as [`Evidence`].
//!
//! An entry of fixed width, so that the first child can write its own over the parent's without allocation:
//!
//! ```text
//! __GODAEMON_STAGE=1:0000004711:0000000005:0000000008:0123456789abcdef
//!                  |  maker      channel    line       random number
//!                  stage of the process that finds it
//! ```

use crate::stage::Stage;
use std::io::Write;
use std::os::fd::RawFd;

/// The name of the environment variable.
pub(crate) const NAME: &str = "__GODAEMON_STAGE";

const DIGITS: usize = 10;
const RANDOM_DIGITS: usize = 16;

/// The length of an entry, without a zero byte behind it.
pub(crate) const LENGTH: usize = NAME.len() + 2 + 3 * (1 + DIGITS) + 1 + RANDOM_DIGITS;

/// What one process tells the copy that it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Marker {
    /// What the copy is: the first child or the daemon.
    pub(crate) stage: Stage,
    /// The process that made the marker.
    pub(crate) maker: i32,
    /// The copy's end of the channel.
    pub(crate) channel: RawFd,
    /// A line to the maker. The first child holds it as long as it lives; the daemon says on it that it is up.
    pub(crate) line: RawFd,
    /// What waits in the channel, too.
    pub(crate) random: u64,
}

impl Marker {
    /// The environment entry.
    pub(crate) fn entry(&self) -> [u8; LENGTH] {
        let mut entry = [b'?'; LENGTH];
        let Marker { stage, maker, channel, line, random } = *self;
        let stage = stage as u8;
        // The widths are those of any value of these types that is not negative, so the text fits exactly.
        let _ = write!(
            entry.as_mut_slice(),
            "{NAME}={stage}:{maker:0DIGITS$}:{channel:0DIGITS$}:{line:0DIGITS$}:{random:0RANDOM_DIGITS$x}"
        );
        entry
    }

    /// Reads what stands after `NAME=`. Anything but the exact form is none of ours.
    pub(crate) fn parse(value: &[u8]) -> Option<Marker> {
        let mut fields = value.split(|&byte| byte == b':');
        let stage = match fields.next()? {
            b"1" => Stage::Child,
            b"2" => Stage::Daemon,
            _ => return None,
        };
        let maker = decimal(fields.next()?)?;
        let channel = decimal(fields.next()?)?;
        let line = decimal(fields.next()?)?;
        let random = hexadecimal(fields.next()?)?;
        // Neither is ever a standard stream, and they are never one.
        if channel <= 2 || line <= 2 || channel == line {
            return None;
        }
        match fields.next() {
            None => Some(Marker { stage, maker, channel, line, random }),
            Some(_) => None,
        }
    }
}

fn decimal(digits: &[u8]) -> Option<i32> {
    let right = digits.len() == DIGITS && digits.iter().all(u8::is_ascii_digit);
    if right { std::str::from_utf8(digits).ok()?.parse().ok() } else { None }
}

fn hexadecimal(digits: &[u8]) -> Option<u64> {
    let right =
        digits.len() == RANDOM_DIGITS && digits.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if right { u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok() } else { None }
}

/// What the system says about the channel that a marker names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// A socket whose other end belongs to this user, and the marker's random number waits in it.
    Matching,
    /// No such descriptor, no socket, another user's, or nothing or something else waits in it.
    Contradicting,
    /// The system did not say.
    Missing,
}

/// What a process may think of a marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The process is the copy that the marker says.
    Recognised,
    /// The entry is the user's own, and the process a parent.
    NotAStage,
    /// To start as a parent could start copies for ever; the process has to end.
    CannotTell,
}

/// Decides what a marker is worth. `relatives` tells the parent of this process and the leader of its session: a
/// marker that names one of them as its maker may well be ours.
pub(crate) fn judge(marker: &Marker, evidence: Evidence, relatives: impl FnOnce() -> [i32; 2]) -> Verdict {
    match evidence {
        Evidence::Matching => Verdict::Recognised,
        Evidence::Contradicting if !relatives().contains(&marker.maker) => Verdict::NotAStage,
        Evidence::Contradicting | Evidence::Missing => Verdict::CannotTell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARKER: Marker = Marker {
        stage: Stage::Daemon,
        maker: 4711,
        channel: 5,
        line: i32::MAX,
        random: 0x0123_4567_89ab_cdef,
    };

    fn value(marker: &Marker) -> Vec<u8> {
        marker.entry().strip_prefix(format!("{NAME}=").as_bytes()).expect("the name").to_vec()
    }

    #[test]
    fn entry_has_the_documented_form() {
        let entry = String::from_utf8(MARKER.entry().to_vec()).expect("text");
        assert_eq!(entry, "__GODAEMON_STAGE=2:0000004711:0000000005:2147483647:0123456789abcdef");
    }

    #[test]
    fn what_is_written_is_read() {
        for stage in [Stage::Child, Stage::Daemon] {
            for number in [3, 4, i32::MAX - 1] {
                for random in [0, 1, u64::MAX] {
                    let marker = Marker { stage, maker: number, channel: number, line: number + 1, random };
                    assert_eq!(Marker::parse(&value(&marker)), Some(marker));
                }
            }
        }
    }

    #[test]
    fn every_changed_byte_is_noticed_or_changes_a_field() {
        let original = value(&MARKER);
        for index in 0..original.len() {
            for byte in 0..=u8::MAX {
                let mut changed = original.clone();
                changed[index] = byte;
                if changed != original {
                    assert_ne!(Marker::parse(&changed), Some(MARKER));
                }
            }
        }
    }

    #[test]
    fn other_forms_are_not_ours() {
        let good = String::from_utf8(value(&MARKER)).expect("text");
        for bad in [
            String::new(),
            ":".into(),
            "2".into(),
            format!("{good}:"),
            format!("{good}0"),
            format!(" {good}"),
            good.replace("2:", "0:"),
            good.replace("2:", "3:"),
            good.replace("0000004711", "-000004711"),
            good.replace("0000004711", "+000004711"),
            good.replace("0000004711", "4711"),
            good.replace("0000004711", "9999999999"),
            good.replace("abcdef", "ABCDEF"),
            good.replace("0000000005", "0000000002"),
            good.replace("0000000005", "2147483647"),
        ] {
            assert_eq!(Marker::parse(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(Marker::parse(b"\xff\xfe"), None);
    }

    #[test]
    fn verdicts() {
        let table = [
            (Evidence::Matching, [1, 1], Verdict::Recognised),
            (Evidence::Matching, [4711, 1], Verdict::Recognised),
            (Evidence::Contradicting, [1, 1], Verdict::NotAStage),
            (Evidence::Contradicting, [4711, 1], Verdict::CannotTell),
            (Evidence::Contradicting, [1, 4711], Verdict::CannotTell),
            (Evidence::Missing, [1, 1], Verdict::CannotTell),
        ];
        for (evidence, relatives, verdict) in table {
            assert_eq!(judge(&MARKER, evidence, || relatives), verdict, "{evidence:?} {relatives:?}");
        }
    }
}
