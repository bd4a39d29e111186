//! E0205: an action that does not exist.

use super::Check;
use crate::diagnostic::Code;
use crate::facts::Name;
use crate::rules::finding::Finding;
use crate::rules::schema::action::{ACTION, WORDS};
use crate::rules::source::Sp;

/// E0205.
pub(crate) static CHECK: Check =
    Check { code: Code("E0205"), name: "unknown-action", summary: "an action that does not exist" };

pub(crate) fn found(word: &Sp<Name>) -> Finding {
    let finding = Finding::new(&CHECK, format!("unknown action `{}`", **word)).at(word.at, "");
    if let Some(key) = ACTION.keys.iter().find(|key| key.name == &*word.value) {
        return finding.help(format!("write what it acts on: `{{ {} = {} }}`", key.name, key.example));
    }
    finding.meant(word, WORDS.iter().copied())
}
