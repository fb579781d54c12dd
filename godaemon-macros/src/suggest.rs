//! The name that somebody probably meant.

/// The nearest of `candidates`, if one is so near that `word` is likely a slip of the keyboard.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = word.chars().count().max(3) / 3;
    candidates
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Restricted Damerau-Levenshtein: insertions, deletions, replacements, and swaps of neighbours.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    // The cell (i, j) is the distance between the first i of `a` and the first j of `b`.
    let mut cells = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            cells[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let replaced = cells[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                let one_more = 1 + cells[i - 1][j].min(cells[i][j - 1]);
                let swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
                let swap = if swapped { cells[i - 2][j - 2] + 1 } else { usize::MAX };
                replaced.min(one_more).min(swap)
            };
        }
    }
    cells[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::{distance, nearest};

    #[test]
    fn distance_counts_edits() {
        assert_eq!(distance("", ""), 0);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("umask", "umask"), 0);
        assert_eq!(distance("umsk", "umask"), 1);
        assert_eq!(distance("umaskk", "umask"), 1);
        assert_eq!(distance("umesk", "umask"), 1);
    }

    #[test]
    fn swapped_neighbours_are_one_edit() {
        assert_eq!(distance("umaks", "umask"), 1);
        assert_eq!(distance("ca", "abc"), 3, "restricted: nothing is edited twice");
    }

    #[test]
    fn only_near_names_are_suggested() {
        let options = ["capture_output", "umask", "files"];
        assert_eq!(nearest("capture_ouput", options), Some("capture_output"));
        assert_eq!(nearest("file", options), Some("files"));
        assert_eq!(nearest("chdir", options), None);
        assert_eq!(nearest("x", []), None);
    }

    #[test]
    fn the_nearest_wins() {
        assert_eq!(nearest("listner", ["listed", "listener"]), Some("listener"));
    }
}
