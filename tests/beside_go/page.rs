//! The page for those who come from Go: its tables of what is to be seen, and its programs in Go.

const PAGE: &str = include_str!("../../docs/coming_from_go.md");

/// How the tables begin that are about what is to be seen.
const HEADER: &str = "| what | Go | here | why |";

/// What `here` says if both are the same.
const SAME: &str = "the same";

/// What is to be seen in one scenario.
#[derive(Debug)]
pub(crate) struct Row {
    pub name: &'static str,
    pub go: &'static str,
    pub here: &'static str,
    /// Why they differ; empty if they do not.
    pub why: &'static str,
}

pub(crate) fn rows() -> impl Iterator<Item = Row> {
    let tables = PAGE.split(HEADER).skip(1);
    // Without the line below the header.
    let lines = tables.flat_map(|table| table.lines().skip(2).take_while(|line| line.starts_with('|')));
    lines.map(|line| match line.split('|').map(str::trim).collect::<Vec<_>>()[..] {
        ["", name, go, SAME, why, ""] => Row { name, go, here: go, why },
        ["", name, go, here, why, ""] => Row { name, go, here, why },
        _ => panic!("not four cells: {line}"),
    })
}

#[track_caller]
pub(crate) fn row(name: &str) -> Row {
    rows().find(|row| row.name == name).unwrap_or_else(|| panic!("no row `{name}`"))
}

pub(crate) fn programs_in_go() -> impl Iterator<Item = &'static str> {
    PAGE.split("\n```go\n").skip(1).map(|rest| rest.split("```").next().unwrap())
}
