//! E0306: a text that is no date.

use super::Check;
use crate::diagnostic::Code;
use crate::facts::Name;
use crate::rules::finding::Finding;
use crate::rules::source::Sp;

/// E0306.
pub(crate) static CHECK: Check = Check { code: Code("E0306"), name: "bad-date", summary: "a text that is no date" };

pub(crate) fn found(text: &Sp<Name>) -> Finding {
    Finding::new(&CHECK, format!("`{}` is no date of a calendar", **text))
        .at(text.at, "")
        .help("write for example `2026-12-25`")
}
