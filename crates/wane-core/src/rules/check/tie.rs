//! W0703: two rules that only their order decides between.

use super::Check;
use crate::diagnostic::Code;
use crate::rules::compile::{rank, ranked};
use crate::rules::finding::{Finding, Findings};
use crate::rules::resolve::{Model, Row, Timer};
use std::collections::BTreeMap;

/// W0703.
pub(crate) static CHECK: Check =
    Check { code: Code("W0703"), name: "tie", summary: "two rules that only their order decides between" };

/// Rows of the same rank and the same predicate that share some channels, but not all: where they do not cover each
/// other, moving one to another file would change what happens.
pub(crate) fn check(model: &Model<'_>, out: &mut Findings) {
    model.timers.iter().for_each(|timer| of_timer(timer, model, out));
}

fn of_timer(timer: &Timer<'_>, model: &Model<'_>, out: &mut Findings) {
    let mut first = BTreeMap::new();
    for row in ranked(timer, &model.rows).into_iter().filter_map(|index| model.rows.get(index)) {
        let text = row.raw.when.as_ref().map_or("", |when| when.value.trim());
        let channels = row.channels.as_deref().unwrap_or_default();
        let before: Vec<Option<&Row<'_>>> =
            channels.iter().map(|channel| first.get(&(rank(row), text, *channel)).copied()).collect();
        let shared = before.iter().flatten().find(|other| other.after != row.after);
        // When every channel is taken, the row can never win, which is another finding.
        if let Some(other) = shared.filter(|_| before.iter().any(Option::is_none)) {
            out.push(found(row, other, timer));
        }
        for channel in channels {
            first.entry((rank(row), text, *channel)).or_insert(row);
        }
    }
}

fn found(row: &Row<'_>, other: &Row<'_>, timer: &Timer<'_>) -> Finding {
    let message = format!(
        "rules `{}` and `{}` give timer `{}` different lengths, and only their order decides",
        **row.id, **other.id, timer.def.name
    );
    Finding::new(&CHECK, message)
        .at(row.id.at, "loses")
        .at(other.id.at, "wins, as it comes first")
        .help("give one of them a higher `priority`")
}
