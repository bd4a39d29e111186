//! E0213: a group contains itself.

use super::Check;
use crate::diagnostic::Code;
use crate::facts::Name;
use crate::rules::finding::Finding;
use crate::rules::source::Sp;

/// E0213.
pub(crate) static CHECK: Check = Check { code: Code("E0213"), name: "group-cycle", summary: "a group contains itself" };

/// `path` is the way from the group back to itself.
pub(crate) fn found(group: &Sp<Name>, path: &[Sp<Name>]) -> Finding {
    let way: Vec<String> = path.iter().map(|step| format!("`{}`", **step)).collect();
    let finding = Finding::new(&CHECK, format!("group `{}` contains itself", **group)).at(group.at, "");
    let finding = path.iter().fold(finding, |finding, step| finding.at(step.at, "by way of this"));
    finding.help(format!("the way round is `{}`, {}; take one of them out", **group, way.join(", ")))
}
