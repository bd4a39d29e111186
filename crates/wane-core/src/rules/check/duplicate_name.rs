//! E0212: the same thing is declared twice.

use super::Check;
use crate::diagnostic::Code;
use crate::rules::finding::Finding;
use crate::rules::source::At;

/// E0212.
pub(crate) static CHECK: Check =
    Check { code: Code("E0212"), name: "duplicate-name", summary: "the same thing is declared twice" };

pub(crate) fn found(what: &str, name: &str, second: At, first: At) -> Finding {
    Finding::new(&CHECK, format!("{what} `{name}` is declared twice"))
        .at(second, "the second time")
        .at(first, "the first time")
        .help("all files of a directory are one ruleset; keep one of the two")
}
