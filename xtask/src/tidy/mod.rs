//! The checks, one file each. Every check takes what was read and gives findings; none stops at its first.

mod arrows;
mod changelog;
mod dependencies;
mod heads;
mod links;
mod map;
mod pages;
mod promises;

use crate::finding::Finding;
use crate::metadata::Member;
use crate::tree::Tree;

/// Everything that is found, by place.
pub(crate) fn all(tree: &Tree, members: &[Member]) -> Vec<Finding> {
    let mut findings = dependencies::check(tree, members);
    findings.extend(arrows::check(members));
    findings.extend(map::check(tree, members));
    findings.extend(links::check(tree));
    findings.extend(pages::check(tree));
    findings.extend(promises::check(tree));
    findings.extend(heads::check(tree));
    findings.extend(changelog::check(tree, members));
    findings.sort();
    findings
}
