//! E0409: a predicate that calculates with what is no number. The finding is made by [`crate::rules::predicate`].

use super::Check;
use crate::diagnostic::Code;

/// E0409.
pub(crate) static CHECK: Check = Check {
    code: Code("E0409"),
    name: "predicate-argument",
    summary: "a predicate that calculates with what is no number",
};
