//! E0109: a key is written twice in one table.

use super::Check;
use crate::diagnostic::Code;
use crate::rules::finding::Finding;
use crate::rules::source::At;

/// E0109.
pub(crate) static CHECK: Check =
    Check { code: Code("E0109"), name: "duplicate-key", summary: "a key is written twice in one table" };

pub(crate) fn found(at: At, key: &str) -> Finding {
    Finding::new(&CHECK, format!("`{key}` is written twice in one table"))
        .at(at, "the second time")
        .help("a table can have a key once only; remove one of the two, or write `[[…]]` for another row")
}
