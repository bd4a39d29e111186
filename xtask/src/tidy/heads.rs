//! Every Rust file says first what is in it, and none is long.

use crate::finding::Finding;
use crate::tree::Tree;

/// Lines of a file before its tests.
const LONGEST: usize = 500;

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.ending(".rs") {
        findings.extend(headless(path, text));
        findings.extend(long(path, text));
    }
    findings
}

fn headless(path: &str, text: &str) -> Option<Finding> {
    if text.lines().next().is_some_and(|line| line.starts_with("//! ")) {
        return None;
    }
    Some(Finding::new(path, 1, "the file has no head", "begin it with `//!` and what is in it, what is not"))
}

fn long(path: &str, text: &str) -> Option<Finding> {
    if path.ends_with("/tests.rs") {
        return None;
    }
    let length = text.lines().take_while(|line| *line != "#[cfg(test)]").count();
    let what = format!("{length} lines");
    (length > LONGEST).then(|| Finding::new(path, LONGEST + 1, what, format!("at most {LONGEST}; split it by idea")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_wanted_and_tests_do_not_count() {
        let long = format!("//! Long.\n{}", "//\n".repeat(500));
        let tested = format!("//! Tested.\n#[cfg(test)]\n{}", "//\n".repeat(900));
        let tree = Tree::of(&[("a.rs", "fn main() {}\n"), ("b.rs", &long), ("c.rs", &tested)]);
        let found: Vec<String> = check(&tree).iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "a.rs:1: the file has no head; begin it with `//!` and what is in it, what is not",
                "b.rs:501: 501 lines; at most 500; split it by idea",
            ]
        );
    }
}
