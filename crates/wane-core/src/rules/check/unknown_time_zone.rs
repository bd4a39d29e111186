//! E0216: a time zone that does not exist.

use super::Check;
use crate::diagnostic::Code;
use crate::facts::Name;
use crate::rules::finding::Finding;
use crate::rules::source::Sp;

/// E0216.
pub(crate) static CHECK: Check =
    Check { code: Code("E0216"), name: "unknown-time-zone", summary: "a time zone that does not exist" };

pub(crate) fn found(word: &Sp<Name>) -> Finding {
    let finding = Finding::new(&CHECK, format!("unknown time zone `{}`", **word)).at(word.at, "");
    let known = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
    match crate::diagnostic::did_you_mean(word, known) {
        Some(near) => finding.help(format!("did you mean `{near}`?")),
        None => finding.help("write a name such as `Europe/Berlin`, `America/New_York` or `UTC`"),
    }
}
