//! W0705: a timer that nothing starts.

use super::Check;
use crate::action::Action;
use crate::diagnostic::Code;
use crate::rules::finding::{Finding, Findings};
use crate::rules::resolve::Model;

/// W0705.
pub(crate) static CHECK: Check =
    Check { code: Code("W0705"), name: "never-starts", summary: "a timer that nothing starts" };

pub(crate) fn check(model: &Model<'_>, out: &mut Findings) {
    let actions = model
        .timers
        .iter()
        .flat_map(|timer| timer.def.on_lapse.iter().chain(timer.def.afterwards.iter().flat_map(|row| &row.actions)));
    let started: Vec<usize> = actions
        .filter_map(|action| if let Action::Start(timer) = action { Some(usize::from(timer.0)) } else { None })
        .collect();
    for (number, timer) in model.timers.iter().enumerate().filter(|(_, timer)| !timer.raw.faulty) {
        let listens = timer.raw.start_on.is_some() || timer.raw.restart_on.is_some();
        let empty = listens && timer.raw.start_on.iter().chain(&timer.raw.restart_on).all(|list| list.is_empty());
        if (!listens || empty) && !started.contains(&number) {
            out.push(
                Finding::new(&CHECK, format!("nothing starts timer `{}`", timer.def.name))
                    .at(timer.raw.name.at, "")
                    .help("name events in `start_on` or `restart_on`, or start it by an action of another timer"),
            );
        }
    }
}
