//! E0407: a predicate that compares with a value the fact never has. The finding is made by [`crate::rules::predicate`].

use super::Check;
use crate::diagnostic::Code;

/// E0407.
pub(crate) static CHECK: Check = Check {
    code: Code("E0407"),
    name: "predicate-value",
    summary: "a predicate that compares with a value the fact never has",
};
