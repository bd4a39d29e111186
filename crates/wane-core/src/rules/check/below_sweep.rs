//! W0709: a duration shorter than the interval at which lapses are looked for.

use super::Check;
use crate::diagnostic::Code;
use crate::rules::finding::{Finding, Findings};
use crate::rules::resolve::Model;
use crate::timer::After;

/// W0709.
pub(crate) static CHECK: Check = Check {
    code: Code("W0709"),
    name: "below-sweep",
    summary: "a duration shorter than the interval at which lapses are looked for",
};

pub(crate) fn check(model: &Model<'_>, out: &mut Findings) {
    for row in &model.rows {
        let Some(timer) = model.timers.get(row.timer) else { continue };
        let (Some(sweep), After::For(after), Some(raw)) = (&timer.raw.sweep, &row.after, &row.raw.after) else {
            continue;
        };
        if *after < sweep.every {
            let message =
                format!("`{after}` is shorter than the sweep of timer `{}`, `{}`", timer.def.name, sweep.every);
            out.push(
                Finding::new(&CHECK, message)
                    .at(raw.at, "the lapse may come nearly a whole sweep later")
                    .at(sweep.at, "the sweep")
                    .help(format!("write `{}` or longer, or sweep more often", sweep.every)),
            );
        }
    }
}
