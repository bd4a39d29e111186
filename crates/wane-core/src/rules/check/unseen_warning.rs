//! W0708: a warning that is never sent, as its lead is as long as the timer.

use super::Check;
use crate::diagnostic::Code;
use crate::rules::finding::{Finding, Findings};
use crate::rules::resolve::{Model, Timer};
use crate::time::Period;
use crate::timer::After;

/// W0708.
pub(crate) static CHECK: Check = Check {
    code: Code("W0708"),
    name: "unseen-warning",
    summary: "a warning that is never sent, as its lead is as long as the timer",
};

pub(crate) fn check(model: &Model<'_>, out: &mut Findings) {
    for (number, timer) in model.timers.iter().enumerate() {
        // A rule that is at fault may be the one that is long enough.
        if model.rows.iter().filter(|row| row.timer == number).count() > timer.rows.len() {
            continue;
        }
        let Some(longest) = longest(timer, model) else { continue };
        for before in timer.raw.warn.iter().filter_map(|warn| warn.before).filter(|before| before.value >= longest) {
            let message = format!(
                "timer `{}` runs `{longest}` at most: a warning `{}` before is never sent",
                timer.def.name, *before
            );
            out.push(
                Finding::new(&CHECK, message).at(before.at, "").help(format!("write a lead shorter than `{longest}`")),
            );
        }
    }
}

/// The longest length that some rule gives; `None` when there is none.
fn longest(timer: &Timer<'_>, model: &Model<'_>) -> Option<Period> {
    let rows = timer.rows.iter().filter_map(|row| model.rows.get(*row));
    rows.filter_map(|row| match row.after {
        After::Never => None,
        After::For(period) => Some(period),
        After::Fact { max, .. } => Some(max),
    })
    .max()
}
