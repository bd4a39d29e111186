//! Every relative link of every Markdown file leads somewhere, its anchor included.

use crate::finding::Finding;
use crate::markdown;
use crate::tree::Tree;

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    tree.ending(".md").flat_map(|(path, text)| dead(tree, path, text)).collect()
}

fn dead(tree: &Tree, path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for line in markdown::lines(text).filter(|line| !line.fenced) {
        for link in markdown::links(line.text).iter().filter(|link| is_relative(link)) {
            findings.extend(fault(tree, path, link).map(|(what, right)| Finding::new(path, line.number, what, right)));
        }
    }
    findings
}

/// Whether it stays in the repository: no scheme, no host.
pub(crate) fn is_relative(link: &str) -> bool {
    let scheme = link.split(['/', '#', '?']).next().is_some_and(|head| head.contains(':'));
    !link.is_empty() && !scheme && !link.starts_with("//")
}

fn fault(tree: &Tree, path: &str, link: &str) -> Option<(String, String)> {
    let (file, anchor) = link.split_once('#').map_or((link, None), |(file, anchor)| (file, Some(anchor)));
    let Some(target) = target(path, file) else {
        return Some((format!("the link `{link}` leads out of the repository"), "link inside it".to_owned()));
    };
    if !tree.has(&target) {
        return Some((format!("the link `{link}` leads to no file"), format!("there is no `{target}`")));
    }
    let anchors = markdown::anchors(tree.text(&target).filter(|_| target.ends_with(".md"))?);
    let anchor = anchor.filter(|anchor| !anchors.iter().any(|known| known == anchor))?;
    Some((format!("the link `{link}` leads to no heading"), format!("`{target}` has no heading `#{anchor}`")))
}

/// The file that a link in a document means, from the top; `None` when it leads out.
pub(crate) fn target(path: &str, file: &str) -> Option<String> {
    if file.is_empty() {
        return Some(path.to_owned());
    }
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    for part in file.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dead_links_are_found_and_live_ones_are_not() {
        let text = "[a](../README.md#the-head) [b](b.md) [c](https://example.org/x) [d](#here)\n# Here\n\
                    [e](gone.md) [f](../README.md#nowhere) [g](../../out.md)\n```\n[h](gone.md)\n```\n";
        let tree = Tree::of(&[("README.md", "# The head\n"), ("docs/a.md", text), ("docs/b.md", "")]);
        let found: Vec<String> = check(&tree).iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "docs/a.md:3: the link `gone.md` leads to no file; there is no `docs/gone.md`",
                "docs/a.md:3: the link `../README.md#nowhere` leads to no heading; `README.md` has no heading `#nowhere`",
                "docs/a.md:3: the link `../../out.md` leads out of the repository; link inside it",
            ]
        );
    }
}
