//! E0404: a predicate that does something instead of saying something. The finding is made by [`crate::rules::predicate`].

use super::Check;
use crate::diagnostic::Code;

/// E0404.
pub(crate) static CHECK: Check = Check {
    code: Code("E0404"),
    name: "predicate-statement",
    summary: "a predicate that does something instead of saying something",
};
