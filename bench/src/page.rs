//! What a benchmark has found out: on the terminal as it comes, and in its part of `BENCHMARKS.md` if the user wants that.
//!
//! The page is written by hand but for these parts, each between two comments.

use crate::Result;
use crate::table::Table;
use std::fs;
use std::path::Path;

/// The part of the page that belongs to a benchmark.
#[derive(Clone, Debug)]
pub struct Part {
    benchmark: &'static str,
    markdown: String,
}

impl Part {
    /// Nothing yet.
    #[must_use]
    pub fn new(benchmark: &'static str) -> Part {
        Part { benchmark, markdown: String::new() }
    }

    /// Says what stands above the tables that follow.
    pub fn heading(&mut self, text: &str) {
        println!("{text}\n");
        self.add(&format!("### {text}\n"));
    }

    /// Says something.
    pub fn paragraph(&mut self, text: &str) {
        println!("{text}\n");
        self.add(&format!("{text}\n"));
    }

    /// Shows a table.
    pub fn table(&mut self, table: &Table) {
        println!("{table}");
        self.add(&table.to_markdown());
    }

    fn add(&mut self, block: &str) {
        self.markdown += "\n";
        self.markdown += block;
    }

    /// Puts it into the page, in the place of what stands there.
    ///
    /// # Errors
    ///
    /// There is no page, or no place in it.
    pub fn update(&self) -> Result<()> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../BENCHMARKS.md");
        let page = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let page = replaced(&page, self.benchmark, &self.markdown)
            .ok_or_else(|| format!("{}: no place for {}", path.display(), self.benchmark))?;
        Ok(fs::write(&path, page)?)
    }
}

/// The page with another text in the part of a benchmark; `None` if it has no such part.
fn replaced(page: &str, benchmark: &str, text: &str) -> Option<String> {
    let [begin, end] = ["begin", "end"].map(|word| format!("<!-- {word} {benchmark} -->\n"));
    let (before, rest) = page.split_once(&begin)?;
    let (_, after) = rest.split_once(&end)?;
    Some(format!("{before}{begin}{text}\n{end}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "\
Before.
<!-- begin one -->
old
<!-- end one -->
Between.
<!-- begin two -->
<!-- end two -->
After.
";

    #[test]
    fn a_part_is_replaced_and_nothing_else() {
        let page = replaced(PAGE, "one", "\nnew\n").expect("there is such a part");
        assert_eq!(page, PAGE.replace("old\n", "\nnew\n\n"));
        assert_eq!(replaced(&page, "one", "\nnew\n").as_ref(), Some(&page), "once more changes nothing");
        let page = replaced(PAGE, "two", "\nnew\n").expect("there is such a part");
        assert_eq!(page, PAGE.replace("<!-- begin two -->\n", "<!-- begin two -->\n\nnew\n\n"));
    }

    #[test]
    fn a_part_that_is_not_there_has_no_place() {
        assert_eq!(replaced(PAGE, "three", "new"), None);
        assert_eq!(replaced("<!-- end one -->\n<!-- begin one -->\n", "one", "new"), None);
    }

    #[test]
    fn what_is_said_is_kept() {
        let mut part = Part::new("one");
        part.heading("Heading");
        part.paragraph("Text.");
        let mut table = Table::new(1, &["a", "b"]);
        table.row(["c".to_owned(), "1".to_owned()]);
        part.table(&table);
        assert_eq!(part.markdown, "\n### Heading\n\nText.\n\n| a | b |\n| --- | --: |\n| c | 1 |\n");
    }
}
