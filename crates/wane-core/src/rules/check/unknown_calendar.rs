//! E0207: a calendar that does not exist.

use super::Check;
use crate::diagnostic::Code;
use crate::facts::Name;
use crate::rules::finding::Finding;
use crate::rules::source::Sp;

/// E0207.
pub(crate) static CHECK: Check =
    Check { code: Code("E0207"), name: "unknown-calendar", summary: "a calendar that does not exist" };

pub(crate) fn found<'a>(word: &Sp<Name>, known: impl Iterator<Item = &'a str> + Clone) -> Finding {
    Finding::new(&CHECK, format!("unknown calendar `{}`", **word)).at(word.at, "").meant(word, known)
}
