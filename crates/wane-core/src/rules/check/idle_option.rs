//! W0711: a timer option that changes nothing.

use super::Check;
use crate::diagnostic::Code;
use crate::rules::finding::{Finding, Findings};
use crate::rules::resolve::Model;

/// W0711.
pub(crate) static CHECK: Check =
    Check { code: Code("W0711"), name: "idle-option", summary: "a timer option that changes nothing" };

pub(crate) fn check(model: &Model<'_>, out: &mut Findings) {
    for timer in &model.timers {
        if let Some(catch_up) = timer.raw.catch_up.filter(|_| timer.raw.warn.len() < 2) {
            out.push(
                Finding::new(&CHECK, "`catch_up` without several warnings changes nothing")
                    .at(catch_up.at, "")
                    .help("it says which of several overdue warnings are sent; remove it, or add warnings"),
            );
        }
    }
}
