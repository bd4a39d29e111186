//! E0106: a key that the table does not have.

use super::Check;
use crate::diagnostic::Code;
use crate::facts::Name;
use crate::rules::finding::Finding;
use crate::rules::schema::describe::Table;
use crate::rules::source::Sp;

/// E0106.
pub(crate) static CHECK: Check =
    Check { code: Code("E0106"), name: "unknown-key", summary: "a key that the table does not have" };

pub(crate) fn found(key: &Sp<Name>, table: &Table, name: &str) -> Finding {
    let known = table.keys.iter().map(|key| key.name);
    Finding::new(&CHECK, format!("unknown key `{}` in `{}`", **key, table.name.replace("NAME", name)))
        .at(key.at, "")
        .meant(key, known)
}
