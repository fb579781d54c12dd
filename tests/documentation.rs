//! Pages that have to keep up with something else.

use std::collections::BTreeSet;

/// The names of the links that a page defines.
fn links(page: &str) -> BTreeSet<&str> {
    let names = page.lines().filter_map(|line| line.strip_prefix('[')?.split_once("]: "));
    names.map(|(name, _)| name).collect()
}

/// In the crate's documentation the first definition of a name counts, and it is that of the list.
#[test]
fn every_link_of_the_readme_leads_to_an_item_in_the_documentation() {
    let of_readme = links(include_str!("../README.md"));
    assert!(of_readme.contains("main"), "{of_readme:?}");
    assert_eq!(of_readme, links(include_str!("../docs/links.md")));
}
