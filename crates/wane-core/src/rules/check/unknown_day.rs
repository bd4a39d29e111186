//! E0310: a word that is no day of the week.

use super::Check;
use crate::diagnostic::Code;
use crate::facts::Name;
use crate::rules::finding::Finding;
use crate::rules::schema::calendar::DAYS;
use crate::rules::source::Sp;

/// E0310.
pub(crate) static CHECK: Check =
    Check { code: Code("E0310"), name: "unknown-day", summary: "a word that is no day of the week" };

pub(crate) fn found(word: &Sp<Name>) -> Finding {
    let wrong = word.split('-').find(|day| !DAYS.contains(day)).unwrap_or(word);
    Finding::new(&CHECK, format!("`{wrong}` is no day of the week")).at(word.at, "").meant(wrong, DAYS.iter().copied())
}
