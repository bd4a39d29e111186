//! E0403: a predicate that compares values of unlike types. The finding is made by [`crate::rules::predicate`].

use super::Check;
use crate::diagnostic::Code;

/// E0403.
pub(crate) static CHECK: Check = Check {
    code: Code("E0403"),
    name: "predicate-unlike-types",
    summary: "a predicate that compares values of unlike types",
};
