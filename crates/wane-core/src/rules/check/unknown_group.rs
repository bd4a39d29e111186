//! E0206: a name that is neither a group nor an event.

use super::Check;
use crate::diagnostic::Code;
use crate::facts::Name;
use crate::rules::finding::Finding;
use crate::rules::source::Sp;

/// E0206.
pub(crate) static CHECK: Check =
    Check { code: Code("E0206"), name: "unknown-group", summary: "a name that is neither a group nor an event" };

pub(crate) fn found<'a>(word: &Sp<Name>, groups: impl Iterator<Item = &'a str> + Clone) -> Finding {
    let known = groups.chain(super::unknown_event::types());
    Finding::new(&CHECK, format!("no group and no event is called `{}`", **word)).at(word.at, "").meant(word, known)
}
