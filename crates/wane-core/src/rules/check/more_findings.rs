//! W0715: more findings in one file than are shown.

use super::Check;
use crate::diagnostic::Code;
use crate::rules::finding::Finding;
use crate::rules::source::At;

/// W0715.
pub(crate) static CHECK: Check =
    Check { code: Code("W0715"), name: "more-findings", summary: "more findings in one file than are shown" };

/// So many findings of one file are shown; who has mended these asks again.
pub(crate) const SHOWN: usize = 100;

pub(crate) fn found(at: At, count: usize) -> Finding {
    Finding::new(&CHECK, format!("{count} more findings in this file"))
        .at(at, "the next one")
        .help("mend these first, and check again")
}
