//! E0503: a rule for a channel that its timer does not have.

use super::Check;
use crate::diagnostic::Code;
use crate::rules::finding::{Finding, Findings};
use crate::rules::resolve::{Model, Row};

/// E0503.
pub(crate) static CHECK: Check = Check {
    code: Code("E0503"),
    name: "foreign-channel",
    summary: "a rule for a channel that its timer does not have",
};

pub(crate) fn check(model: &Model<'_>, out: &mut Findings) {
    model.rows.iter().for_each(|row| one(row, model, out));
}

fn one(row: &Row<'_>, model: &Model<'_>, out: &mut Findings) {
    let Some(timer) = model.timers.get(row.timer) else { return };
    let (Some(has), Some(wants)) = (&timer.def.belongs.channels, &row.channels) else { return };
    for channel in wants.iter().filter(|channel| !has.contains(channel)) {
        let Some(name) = model.declared.channel_def(*channel).map(|channel| &channel.name) else { continue };
        let names: Vec<String> = has
            .iter()
            .filter_map(|channel| model.declared.channel_def(*channel))
            .map(|channel| format!("`{}`", channel.name))
            .collect();
        let finding = Finding::new(&CHECK, format!("timer `{}` does not run on channel `{name}`", timer.def.name))
            .at(row.channel_at(name), "")
            .help(format!("it runs on {}", names.join(", ")));
        let declared = timer.raw.belongs.channels.as_ref().map(|list| list.at);
        out.push(match declared {
            Some(at) => finding.at(at, "where the timer runs"),
            None => finding,
        });
    }
}
