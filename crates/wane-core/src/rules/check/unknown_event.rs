//! E0203: an event that does not exist.

use super::Check;
use crate::diagnostic::Code;
use crate::facts::Name;
use crate::rules::finding::Finding;
use crate::rules::source::Sp;
use crate::signal::{EffectType, EventType, HANDLER_CHANGED};

/// E0203.
pub(crate) static CHECK: Check =
    Check { code: Code("E0203"), name: "unknown-event", summary: "an event that does not exist" };

/// All types of events and effects.
pub(crate) fn types<'a>() -> impl Iterator<Item = &'a str> + Clone {
    let events = EventType::ALL.iter().map(|kind| kind.name());
    events.chain(EffectType::ALL.iter().map(|kind| kind.name())).chain([HANDLER_CHANGED])
}

pub(crate) fn found(word: &Sp<Name>, kind: &str) -> Finding {
    let finding = Finding::new(&CHECK, format!("unknown event `{kind}`")).at(word.at, "");
    match crate::diagnostic::did_you_mean(kind, types()) {
        Some(near) => finding.help(format!("did you mean `{near}`?")),
        None => finding.help("an event of your own begins with `x.`, for example `x.survey-done`"),
    }
}
