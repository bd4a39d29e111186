//! E0305: a text that is no hours of a day.

use super::Check;
use crate::diagnostic::Code;
use crate::facts::Name;
use crate::rules::finding::Finding;
use crate::rules::source::Sp;

/// E0305.
pub(crate) static CHECK: Check =
    Check { code: Code("E0305"), name: "bad-hours", summary: "a text that is no hours of a day" };

pub(crate) fn found(text: &Sp<Name>) -> Finding {
    Finding::new(&CHECK, format!("`{}` is no hours of a day", **text))
        .at(text.at, "")
        .help("write for example `09:00-17:00`, `22:00-02:00` for a night, `00:00-24:00` for a whole day")
}
