//! E0208: a fact that does not exist.

use super::Check;
use crate::diagnostic::Code;
use crate::facts::Name;
use crate::rules::finding::Finding;
use crate::rules::source::Sp;

/// E0208.
pub(crate) static CHECK: Check =
    Check { code: Code("E0208"), name: "unknown-fact", summary: "a fact that does not exist" };

pub(crate) fn found<'a>(word: &Sp<Name>, known: impl Iterator<Item = &'a str> + Clone) -> Finding {
    Finding::new(&CHECK, format!("unknown fact `{}`", **word)).at(word.at, "").meant(word, known)
}
