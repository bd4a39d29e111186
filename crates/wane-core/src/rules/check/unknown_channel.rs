//! E0202: a channel that does not exist.

use super::Check;
use crate::diagnostic::Code;
use crate::facts::Name;
use crate::rules::finding::Finding;
use crate::rules::source::Sp;

/// E0202.
pub(crate) static CHECK: Check =
    Check { code: Code("E0202"), name: "unknown-channel", summary: "a channel that does not exist" };

pub(crate) fn found<'a>(word: &Sp<Name>, known: impl Iterator<Item = &'a str> + Clone) -> Finding {
    Finding::new(&CHECK, format!("unknown channel `{}`", **word)).at(word.at, "").meant(word, known)
}
