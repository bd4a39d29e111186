//! E0608: more of something than a ruleset can have.

use super::Check;
use crate::diagnostic::Code;
use crate::rules::finding::Finding;
use crate::rules::source::At;

/// E0608.
pub(crate) static CHECK: Check =
    Check { code: Code("E0608"), name: "too-many", summary: "more of something than a ruleset can have" };

pub(crate) fn found(what: &str, most: u16, at: At) -> Finding {
    Finding::new(&CHECK, format!("a ruleset can have {most} {what}")).at(at, "this one is too many")
}
