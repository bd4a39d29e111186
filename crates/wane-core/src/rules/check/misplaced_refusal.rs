//! E0603: a lapse that would refuse a client nobody hears from.

use super::Check;
use crate::diagnostic::Code;
use crate::rules::finding::{Finding, Findings};
use crate::rules::resolve::Model;
use crate::rules::schema::action::Action;

/// E0603.
pub(crate) static CHECK: Check = Check {
    code: Code("E0603"),
    name: "misplaced-refusal",
    summary: "a lapse that would refuse a client nobody hears from",
};

pub(crate) fn check(model: &Model<'_>, out: &mut Findings) {
    for action in model.timers.iter().flat_map(|timer| &timer.raw.on_lapse) {
        if matches!(&action.value, Action::Word(word) if &**word == "refuse-client") {
            out.push(
                Finding::new(&CHECK, "`refuse-client` at a lapse: there is no client's event to refuse")
                    .at(action.at, "")
                    .help("write it in `do` of an `afterwards` row, which answers the next event"),
            );
        }
    }
}
