//! E0204: a role that the event does not have.

use super::Check;
use crate::diagnostic::Code;
use crate::facts::Name;
use crate::rules::finding::Finding;
use crate::rules::source::Sp;
use crate::signal::SignalRole;

/// E0204.
pub(crate) static CHECK: Check =
    Check { code: Code("E0204"), name: "unknown-role", summary: "a role that the event does not have" };

pub(crate) fn found(word: &Sp<Name>, kind: &str, role: &str, roles: &[SignalRole]) -> Finding {
    let finding = Finding::new(&CHECK, format!("`{kind}` has no role `{role}`")).at(word.at, "");
    if roles.is_empty() {
        return finding.help(format!("`{kind}` has no roles; write `{kind}` alone"));
    }
    finding.meant(role, roles.iter().map(|role| role.name()))
}
