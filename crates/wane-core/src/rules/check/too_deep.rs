//! E0105: tables or lists lie too deep in each other.

use super::Check;
use crate::diagnostic::Code;
use crate::rules::finding::Finding;
use crate::rules::source::At;

/// E0105.
pub(crate) static CHECK: Check =
    Check { code: Code("E0105"), name: "too-deep", summary: "tables or lists lie too deep in each other" };

pub(crate) fn found(at: At) -> Finding {
    Finding::new(&CHECK, "tables or lists lie too deep in each other")
        .at(at, "not read from here")
        .help("no table of a rule file is deeper than six levels")
}
