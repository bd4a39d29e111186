//! E0303: a duration that is no multiple of the timer's step.

use super::Check;
use crate::diagnostic::Code;
use crate::facts::Name;
use crate::rules::finding::Finding;
use crate::rules::source::Sp;
use crate::time::Period;

/// E0303.
pub(crate) static CHECK: Check =
    Check { code: Code("E0303"), name: "off-step", summary: "a duration that is no multiple of the timer's step" };

pub(crate) fn found(after: &Sp<Period>, timer: &Name, step: &Sp<Period>) -> Finding {
    let below = after.millis() - after.millis() % step.millis();
    let near: Vec<String> = [below, below + step.millis()]
        .into_iter()
        .filter_map(|millis| Period::from_millis(millis).ok())
        .map(|period| format!("`{period}`"))
        .collect();
    Finding::new(&CHECK, format!("`{}` is no multiple of `{}`, the step of timer `{timer}`", **after, **step))
        .at(after.at, "")
        .at(step.at, "the step")
        .help(format!("the nearest are {}", near.join(" and ")))
}
