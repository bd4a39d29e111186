//! E0504: a rule or a timer for a channel that is not governed.

use super::Check;
use crate::diagnostic::Code;
use crate::facts::Name;
use crate::rules::finding::{Finding, Findings};
use crate::rules::resolve::Model;
use crate::rules::source::{At, Sp};

/// E0504.
pub(crate) static CHECK: Check = Check {
    code: Code("E0504"),
    name: "ungoverned-channel",
    summary: "a rule or a timer for a channel that is not governed",
};

pub(crate) fn check(model: &Model<'_>, out: &mut Findings) {
    for row in &model.rows {
        for channel in row.channels.iter().flatten().filter_map(|channel| model.declared.channel_def(*channel)) {
            if !channel.governed {
                out.push(found(row.channel_at(&channel.name), &channel.name, channel.at));
            }
        }
    }
    for list in model.timers.iter().filter_map(|timer| timer.raw.belongs.channels.as_ref()) {
        list.iter().for_each(|name| check_name(name, model, out));
    }
}

fn check_name(name: &Sp<Name>, model: &Model<'_>, out: &mut Findings) {
    let channel = model.declared.channel(name).and_then(|channel| model.declared.channel_def(channel));
    if let Some(channel) = channel.filter(|channel| !channel.governed) {
        out.push(found(name.at, &channel.name, channel.at));
    }
}

fn found(at: At, name: &str, declared: Option<At>) -> Finding {
    let finding = Finding::new(&CHECK, format!("channel `{name}` is not governed: its events are refused")).at(at, "");
    let finding = match declared {
        Some(declared) => finding.at(declared, "declared here"),
        None => finding,
    };
    finding.help(format!("take it out, or write `governed = true` under `[channels.{name}]`"))
}
