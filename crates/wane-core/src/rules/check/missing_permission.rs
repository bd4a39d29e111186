//! E0501: a rule that needs a permission the organisation does not have.

use super::Check;
use crate::diagnostic::Code;
use crate::rules::finding::{Finding, Findings};
use crate::rules::resolve::{Model, Row, Timer};

/// E0501.
pub(crate) static CHECK: Check = Check {
    code: Code("E0501"),
    name: "missing-permission",
    summary: "a rule that needs a permission the organisation does not have",
};

pub(crate) fn check(model: &Model<'_>, out: &mut Findings) {
    let lacks = |timer: &Timer<'_>| {
        timer.raw.permission.as_ref().is_some_and(|needed| !model.declared.permissions.contains(&needed.value))
    };
    let lacking: Vec<bool> = model.timers.iter().map(lacks).collect();
    for row in model.rows.iter().filter(|row| !row.raw.default && lacking.get(row.timer) == Some(&true)) {
        if let Some(timer) = model.timers.get(row.timer) {
            one(row, timer, out);
        }
    }
}

fn one(row: &Row<'_>, timer: &Timer<'_>, out: &mut Findings) {
    let Some(needed) = &timer.raw.permission else { return };
    let message =
        format!("rule `{}` changes timer `{}` and needs the permission `{}`", **row.id, timer.def.name, **needed);
    out.push(
        Finding::new(&CHECK, message)
            .at(row.id.at, "")
            .at(needed.at, "the timer asks for it")
            .help(format!("add `\"{}\"` to `permissions` of `[org]`, if the organisation has it", **needed)),
    );
}
