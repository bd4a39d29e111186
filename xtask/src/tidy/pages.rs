//! Every page under `docs/` can be reached: some other document links to it. So a diagnostic's page is in the index.

use std::collections::BTreeSet;

use super::links;
use crate::finding::Finding;
use crate::markdown;
use crate::tree::Tree;

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let linked: BTreeSet<String> = tree.ending(".md").flat_map(|(path, text)| targets(path, text)).collect();
    let pages = tree.ending(".md").map(|(path, _)| path).filter(|path| path.starts_with("docs/"));
    let lost = pages.filter(|path| !linked.contains(*path) && !is_linked_by_directory(path, &linked));
    lost.map(|path| Finding::new(path, 1, "no document links to this page", "add it to the index beside it")).collect()
}

fn targets(path: &str, text: &str) -> Vec<String> {
    let lines = markdown::lines(text).filter(|line| !line.fenced);
    let links = lines.flat_map(|line| markdown::links(line.text)).filter(|link| links::is_relative(link));
    let files = links.filter_map(|link| links::target(path, link.split('#').next().unwrap_or_default()));
    files.filter(|target| target != path).collect()
}

/// A link to a directory shows its `README.md`.
fn is_linked_by_directory(path: &str, linked: &BTreeSet<String>) -> bool {
    path.strip_suffix("/README.md").is_some_and(|directory| linked.contains(directory))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_only_links_itself_is_lost() {
        let tree = Tree::of(&[
            ("README.md", "[docs](docs/)"),
            ("docs/README.md", "[a](diagnostics/E0101.md#what)"),
            ("docs/diagnostics/E0101.md", ""),
            ("docs/diagnostics/E0102.md", "[me](E0102.md)"),
        ]);
        let found: Vec<String> = check(&tree).iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            ["docs/diagnostics/E0102.md:1: no document links to this page; add it to the index beside it"]
        );
    }
}
