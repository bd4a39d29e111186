//! E0607: an action table that says several things, or none.

use super::Check;
use crate::diagnostic::Code;
use crate::rules::finding::Finding;
use crate::rules::source::At;

/// E0607.
pub(crate) static CHECK: Check = Check {
    code: Code("E0607"),
    name: "several-actions",
    summary: "an action table that says several things, or none",
};

const HELP: &str =
    "write one table for each action, such as `{ notify = \"closed\", to = \"customer\" }, { tag = \"late\" }`";

pub(crate) fn found(at: At) -> Finding {
    Finding::new(&CHECK, "one action that says several things").at(at, "").help(HELP)
}

pub(crate) fn none(at: At) -> Finding {
    Finding::new(&CHECK, "an action that says nothing").at(at, "").help(HELP)
}

pub(crate) fn lone_to(at: At) -> Finding {
    Finding::new(&CHECK, "`to` without `notify`").at(at, "").help(HELP)
}
