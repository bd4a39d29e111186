//! E0107: a key that must be there is missing.

use super::Check;
use crate::diagnostic::Code;
use crate::rules::finding::Finding;
use crate::rules::schema::describe::{Key, Table};
use crate::rules::source::At;

/// E0107.
pub(crate) static CHECK: Check =
    Check { code: Code("E0107"), name: "missing-key", summary: "a key that must be there is missing" };

pub(crate) fn found(at: At, table: &Table, key: &Key, name: &str) -> Finding {
    let finding =
        Finding::new(&CHECK, format!("`{}` without `{}`", table.name.replace("NAME", name), key.name)).at(at, "");
    if key.example.is_empty() { finding } else { finding.help(format!("write `{} = {}`", key.name, key.example)) }
}
