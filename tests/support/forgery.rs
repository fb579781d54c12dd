//! A stage that a test makes up, and what it says over a channel of its own making: what somebody could do who wants a
//! program to take itself for a copy of his.

/// The variable in which the stage travels.
pub const STAGE: &str = "__GODAEMON_STAGE";

/// A maker that is neither the parent of the process nor its session's leader: no number of a process is so high.
pub const STRANGER: i32 = 1_999_999_999;

const RANDOM: u64 = 0xfeed_beef;

/// A stage in the right form: maker and channel as given, the line right behind the channel, the rest made up.
pub fn stage(number: u8, maker: i32, channel: i32) -> String {
    format!("{STAGE}={number}:{maker:010}:{channel:010}:{:010}:{RANDOM:016x}", channel + 1)
}

/// What has to wait in the channel for such a stage to be believed.
pub fn hello() -> Vec<u8> {
    frame(1, &RANDOM.to_le_bytes())
}

/// What confirms the start.
pub fn confirm() -> Vec<u8> {
    frame(3, &[])
}

/// A message of this kind.
pub fn frame(kind: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len() + 1).unwrap();
    [&length.to_le_bytes(), &[kind][..], content].concat()
}

/// The settings of a start without any options, with a file that consists of these descriptors, and a directory.
pub fn settings(file: &[i32], directory: Option<i32>) -> Vec<u8> {
    let count = |length: usize| u32::try_from(length).unwrap().to_le_bytes();
    let mut content = [&count(1)[..], &count(4), b"file", &count(file.len())].concat();
    content.extend(file.iter().flat_map(|number| number.to_le_bytes()));
    // Neither captured output nor `Ready`; the umask.
    content.extend([0, 0]);
    content.extend(0o022_u32.to_le_bytes());
    content.push(directory.is_some().into());
    content.extend(directory.into_iter().flat_map(i32::to_le_bytes));
    content.extend([&count(4)[..], b"name"].concat());
    // No pid file, no log files, and nothing about how to make them; nobody to become.
    content.extend([&[0][..], &count(0), &count(0), &[0, 0, 0]].concat());
    frame(2, &content)
}
