//! W0714: a session timer for ended sessions only.

use super::Check;
use crate::diagnostic::Code;
use crate::rules::finding::{Finding, Findings};
use crate::rules::resolve::Model;
use crate::session::Status;
use crate::timer::Scope;

/// W0714.
pub(crate) static CHECK: Check =
    Check { code: Code("W0714"), name: "never-belongs", summary: "a session timer for ended sessions only" };

pub(crate) fn check(model: &Model<'_>, out: &mut Findings) {
    for timer in model.timers.iter().filter(|timer| timer.def.scope == Scope::Session) {
        let only_ended = timer.def.belongs.statuses.as_deref() == Some(&[Status::Ended]);
        if let Some(statuses) = timer.raw.belongs.statuses.as_ref().filter(|_| only_ended) {
            out.push(
                Finding::new(
                    &CHECK,
                    format!("timer `{}` belongs to ended sessions, but ends with its session", timer.def.name),
                )
                .at(statuses.at, "")
                .help("write `scope = \"conversation\"`"),
            );
        }
    }
}
