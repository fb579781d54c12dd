//! A table, for the terminal and for the page.

use std::fmt;

/// Rows of cells, below a head.
#[derive(Clone, Debug)]
pub struct Table {
    /// So many columns, from the left, are text; the others are figures.
    texts: usize,
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows.
    #[must_use]
    pub fn new(texts: usize, head: &[&str]) -> Table {
        Table { texts, head: head.iter().map(|cell| (*cell).to_owned()).collect(), rows: Vec::new() }
    }

    /// Adds a row; what is missing on the right stays empty.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let mut cells: Vec<String> = cells.into_iter().map(|cell| cell.trim().to_owned()).collect();
        cells.resize(self.head.len(), String::new());
        self.rows.push(cells);
    }

    /// As Markdown.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let ruler: Vec<String> = (0..self.head.len())
            .map(|column| if column < self.texts { "---" } else { "--:" }.to_owned())
            .collect();
        let line = |cells: &Vec<String>| {
            let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', r"\|")).collect();
            format!("| {} |\n", cells.join(" | "))
        };
        [&self.head, &ruler].into_iter().chain(&self.rows).map(line).collect()
    }

    /// How wide each column has to be.
    fn widths(&self) -> Vec<usize> {
        let widest = |column: usize| {
            let cells = [&self.head].into_iter().chain(&self.rows).filter_map(|cells| cells.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        (0..self.head.len()).map(widest).collect()
    }
}

/// As text: columns two blanks apart.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths = self.widths();
        for cells in [&self.head].into_iter().chain(&self.rows) {
            let mut line = String::new();
            for (column, (cell, width)) in cells.iter().zip(&widths).enumerate() {
                line += &if column < self.texts {
                    format!("{cell:width$}  ")
                } else {
                    format!("{cell:>width$}  ")
                };
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(1, &["way", "median", "over b"]);
        table.row(["a|b".to_owned(), " 7".to_owned(), "0.95".to_owned()]);
        table.row(["longer".to_owned(), "1234567".to_owned()]);
        table
    }

    #[test]
    fn text_stands_on_the_left_and_figures_on_the_right() {
        let expected = "\
way      median  over b
a|b           7    0.95
longer  1234567
";
        assert_eq!(table().to_string(), expected);
    }

    #[test]
    fn every_row_of_the_markdown_has_all_cells() {
        let expected = r"| way | median | over b |
| --- | --: | --: |
| a\|b | 7 | 0.95 |
| longer | 1234567 |  |
";
        assert_eq!(table().to_markdown(), expected);
    }
}
