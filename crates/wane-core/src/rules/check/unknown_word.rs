//! E0215: a word that is none of the choices.

use super::Check;
use crate::diagnostic::Code;
use crate::facts::Name;
use crate::rules::finding::Finding;
use crate::rules::source::Sp;

/// E0215.
pub(crate) static CHECK: Check =
    Check { code: Code("E0215"), name: "unknown-word", summary: "a word that is none of the choices" };

pub(crate) fn found<'a>(word: &Sp<Name>, key: &str, words: impl Iterator<Item = &'a str> + Clone) -> Finding {
    Finding::new(&CHECK, format!("`{}` is no choice for `{key}`", **word)).at(word.at, "").meant(word, words)
}
