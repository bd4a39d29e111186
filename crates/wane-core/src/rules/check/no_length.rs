//! W0704: a timer that no rule gives a duration.

use super::Check;
use crate::diagnostic::Code;
use crate::rules::finding::{Finding, Findings};
use crate::rules::resolve::Model;

/// W0704.
pub(crate) static CHECK: Check =
    Check { code: Code("W0704"), name: "no-length", summary: "a timer that no rule gives a duration" };

pub(crate) fn check(model: &Model<'_>, out: &mut Findings) {
    for timer in model.timers.iter().filter(|timer| !timer.mentioned && !timer.raw.optional) {
        out.push(
            Finding::new(&CHECK, format!("no rule gives timer `{}` a duration: it never runs", timer.def.name))
                .at(timer.raw.name.at, "")
                .help("write a rule for it, or `optional = true` if an admin is to switch it on"),
        );
    }
}
