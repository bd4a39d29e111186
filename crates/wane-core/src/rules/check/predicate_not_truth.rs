//! E0406: a predicate that is not true or false. The finding is made by [`crate::rules::predicate`].

use super::Check;
use crate::diagnostic::Code;

/// E0406.
pub(crate) static CHECK: Check =
    Check { code: Code("E0406"), name: "predicate-not-truth", summary: "a predicate that is not true or false" };
