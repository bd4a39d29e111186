//! E0410: a predicate whose constants overflow or divide by zero. The finding is made by [`crate::rules::predicate`].

use super::Check;
use crate::diagnostic::Code;

/// E0410.
pub(crate) static CHECK: Check = Check {
    code: Code("E0410"),
    name: "predicate-constant-fault",
    summary: "a predicate whose constants overflow or divide by zero",
};
