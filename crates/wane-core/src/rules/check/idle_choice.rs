//! W0712: an event of `choose_on` that neither starts nor restarts the timer.

use super::Check;
use crate::diagnostic::Code;
use crate::rules::finding::{Finding, Findings};
use crate::rules::resolve::Model;
use crate::signal::{RoleMask, Selector};

/// W0712.
pub(crate) static CHECK: Check = Check {
    code: Code("W0712"),
    name: "idle-choice",
    summary: "an event of `choose_on` that neither starts nor restarts the timer",
};

pub(crate) fn check(model: &Model<'_>, out: &mut Findings) {
    for timer in model.timers.iter().filter(|timer| !timer.raw.faulty && !timer.misheard) {
        let (Some(chosen), Some(raw)) = (&timer.def.choose_on, &timer.raw.choose_on) else { continue };
        let mut starts = timer.def.start_on.iter().chain(&timer.def.restart_on);
        if !chosen.is_empty() && !chosen.iter().any(|on| starts.clone().any(|start| meet(on, start))) {
            let first = starts.next().is_some();
            let message =
                format!("no event of `choose_on` starts timer `{}`: its length is never chosen", timer.def.name);
            let help = if first {
                "name events that stand in `start_on` or `restart_on` too"
            } else {
                "name events in `start_on`"
            };
            out.push(Finding::new(&CHECK, message).at(raw.at, "").help(help));
        }
    }
}

fn meet(one: &Selector, other: &Selector) -> bool {
    one.kind == other.kind && (one.roles == other.roles || one.roles == RoleMask::ANY || other.roles == RoleMask::ANY)
}
