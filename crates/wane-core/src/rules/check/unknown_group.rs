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
    let finding = Finding::new(&CHECK, format!("no group and no event is called `{}`", **word)).at(word.at, "");
    let known = groups.clone().chain(super::unknown_event::types());
    if let Some(near) = crate::diagnostic::did_you_mean(word, known) {
        return finding.help(format!("did you mean `{near}`?"));
    }
    let names: Vec<String> = groups.map(|name| format!("`{name}`")).collect();
    if names.is_empty() {
        return finding.help("a group is declared under `[groups]`; no file has any");
    }
    finding.help(format!("declare it under `[groups]`, beside {}", names.join(", ")))
}
