//! E0302: a duration outside the timer's range.

use super::Check;
use crate::diagnostic::Code;
use crate::facts::Name;
use crate::rules::finding::{Finding, Findings};
use crate::rules::schema::timer::Range;
use crate::rules::source::Sp;
use crate::time::Period;

/// E0302.
pub(crate) static CHECK: Check =
    Check { code: Code("E0302"), name: "out-of-range", summary: "a duration outside the timer's range" };

pub(crate) fn check(after: &Sp<Period>, timer: &Name, range: Option<&Range>, out: &mut Findings) {
    // A range that nothing fits is an error of its own.
    let Some(range) = range.filter(|range| !super::bad_range::is_empty(range)) else { return };
    let below = range.min.as_ref().is_some_and(|min| after.value < min.value);
    let above = range.max.as_ref().is_some_and(|max| after.value > max.value);
    if below || above {
        out.push(found(after, timer, range));
    } else if let Some(step) = &range.step
        && after.millis() % step.millis() != 0
    {
        out.push(super::off_step::found(after, timer, step));
    }
}

fn found(after: &Sp<Period>, timer: &Name, range: &Range) -> Finding {
    let min = range.min.as_ref().map(|min| format!("`{}` at least", **min));
    let max = range.max.as_ref().map(|max| format!("`{}` at most", **max));
    let bounds: Vec<String> = min.into_iter().chain(max).collect();
    Finding::new(&CHECK, format!("`{}` is outside the range of timer `{timer}`", **after))
        .at(after.at, "")
        .at(range.at, "the range")
        .help(format!("write {}", bounds.join(" and ")))
}
