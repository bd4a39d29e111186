//! E0401: a predicate that is no expression of the language. The finding is made by [`crate::rules::predicate`].

use super::Check;
use crate::diagnostic::Code;

/// E0401.
pub(crate) static CHECK: Check = Check {
    code: Code("E0401"),
    name: "predicate-syntax",
    summary: "a predicate that is no expression of the language",
};
