//! E0605: a timer with both a grace and a sweep.

use super::Check;
use crate::diagnostic::Code;
use crate::rules::finding::{Finding, Findings};
use crate::rules::resolve::Model;

/// E0605.
pub(crate) static CHECK: Check =
    Check { code: Code("E0605"), name: "grace-and-sweep", summary: "a timer with both a grace and a sweep" };

/// With a grace, a lapse is dated at its deadline; with a sweep, at the sweep that finds it. It can not be both.
pub(crate) fn check(model: &Model<'_>, out: &mut Findings) {
    for timer in &model.timers {
        if let (Some(grace), Some(sweep)) = (&timer.raw.grace, &timer.raw.sweep) {
            out.push(
                Finding::new(&CHECK, format!("timer `{}` has both `grace` and `sweep`", timer.def.name))
                    .at(grace.at, "dates the lapse at its deadline")
                    .at(sweep.at, "dates it at the sweep that finds it")
                    .help("keep one of the two; between two sweeps, late events count anyway"),
            );
        }
    }
}
