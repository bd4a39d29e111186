//! E0402: a predicate that names a fact nobody declares. The finding is made by [`crate::rules::predicate`].

use super::Check;
use crate::diagnostic::Code;

/// E0402.
pub(crate) static CHECK: Check = Check {
    code: Code("E0402"),
    name: "predicate-unknown-fact",
    summary: "a predicate that names a fact nobody declares",
};
