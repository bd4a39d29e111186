//! E0405: a predicate that calls what it may not. The finding is made by [`crate::rules::predicate`].

use super::Check;
use crate::diagnostic::Code;

/// E0405.
pub(crate) static CHECK: Check =
    Check { code: Code("E0405"), name: "predicate-call", summary: "a predicate that calls what it may not" };
