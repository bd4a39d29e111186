//! The change log has a section for the version that the workspace bears.

use std::collections::BTreeSet;

use crate::finding::Finding;
use crate::metadata::Member;
use crate::tree::Tree;

const DOCUMENT: &str = "CHANGELOG.md";

pub(crate) fn check(tree: &Tree, members: &[Member]) -> Vec<Finding> {
    let text = tree.text(DOCUMENT).unwrap_or_default();
    let versions: BTreeSet<&str> = members.iter().map(|member| member.version.as_str()).collect();
    let missing = versions.into_iter().filter(|version| !text.lines().any(|line| is_section(line, version)));
    missing
        .map(|version| {
            Finding::new(DOCUMENT, 1, format!("no section for version {version}"), format!("add `## {version}`"))
        })
        .collect()
}

fn is_section(line: &str, version: &str) -> bool {
    let words = line.strip_prefix("## ").map(|rest| rest.split(|c: char| c.is_whitespace() || matches!(c, '[' | ']')));
    words.is_some_and(|mut words| words.any(|word| word == version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_needs_a_section_of_its_own() {
        let members = [Member { version: "0.1.0".to_owned(), ..Member::default() }];
        assert_eq!(check(&Tree::of(&[(DOCUMENT, "# x\n\n## 0.1.0 (unreleased)\n")]), &members), []);
        let found = check(&Tree::of(&[(DOCUMENT, "## 0.1.01\n0.1.0\n")]), &members);
        assert_eq!(found[0].to_string(), "CHANGELOG.md:1: no section for version 0.1.0; add `## 0.1.0`");
    }
}
