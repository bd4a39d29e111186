//! W0713: a notice window on a channel that its timer does not have.

use super::Check;
use crate::diagnostic::Code;
use crate::rules::finding::{Finding, Findings};
use crate::rules::resolve::Model;

/// W0713.
pub(crate) static CHECK: Check = Check {
    code: Code("W0713"),
    name: "window-elsewhere",
    summary: "a notice window on a channel that its timer does not have",
};

pub(crate) fn check(model: &Model<'_>, out: &mut Findings) {
    for (number, channel) in (0..).zip(&model.declared.channels) {
        let Some(window) = channel.notice_window else { continue };
        let Some(timer) = model.declared.timer(window).and_then(|timer| model.timers.get(usize::from(timer))) else {
            continue;
        };
        let elsewhere =
            timer.def.belongs.channels.as_ref().is_some_and(|list| !list.iter().any(|held| held.0 == number));
        if elsewhere {
            out.push(
                Finding::new(
                    &CHECK,
                    format!("timer `{}` never runs on channel `{}`: no notice goes out there", **window, channel.name),
                )
                .at(window.at, "")
                .at(timer.raw.name.at, "the timer")
                .help(format!("add `{}` to the timer's `channels`", channel.name)),
            );
        }
    }
}
