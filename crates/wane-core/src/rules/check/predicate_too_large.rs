//! E0408: a predicate that is too long, too deep or too much work. The finding is made by [`crate::rules::predicate`].

use super::Check;
use crate::diagnostic::Code;

/// E0408.
pub(crate) static CHECK: Check = Check {
    code: Code("E0408"),
    name: "predicate-too-large",
    summary: "a predicate that is too long, too deep or too much work",
};
