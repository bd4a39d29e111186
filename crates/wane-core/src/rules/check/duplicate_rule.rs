//! E0211: two rules have the same id.

use super::Check;
use crate::diagnostic::Code;
use crate::facts::Name;
use crate::rules::finding::Finding;
use crate::rules::source::Sp;

/// E0211.
pub(crate) static CHECK: Check =
    Check { code: Code("E0211"), name: "duplicate-rule", summary: "two rules have the same id" };

pub(crate) fn found(second: &Sp<Name>, first: &Sp<Name>) -> Finding {
    Finding::new(&CHECK, format!("two rules have the id `{}`", **second))
        .at(second.at, "the second one")
        .at(first.at, "the first one")
        .help("an id names one rule in explanations and effects; give this one another")
}
