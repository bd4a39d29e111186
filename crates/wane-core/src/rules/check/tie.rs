//! W0703: two rules that only their order decides between.

use super::Check;
use crate::choose::Candidate;
use crate::choose::analysis::{never_wins, overlap};
use crate::diagnostic::Code;
use crate::rules::compile::{candidate, rank, ranked};
use crate::rules::finding::{Finding, Findings};
use crate::rules::resolve::{Model, Row, Timer};

/// W0703.
pub(crate) static CHECK: Check =
    Check { code: Code("W0703"), name: "tie", summary: "two rules that only their order decides between" };

/// Of so many rows of one rank, each is compared with each. More than these are the work of a program, and their order
/// is too.
const MOST_ROWS: usize = 64;

/// Rows of the same rank that may match together and differ, neither a special case of the other: moving one to another
/// file would change what happens. A special case that stands first is meant so; one that stands last is shadowed.
pub(crate) fn check(model: &Model<'_>, out: &mut Findings) {
    for timer in &model.timers {
        let rows: Vec<&Row<'_>> =
            ranked(timer, &model.rows).into_iter().filter_map(|index| model.rows.get(index)).collect();
        for group in rows.chunk_by(|a, b| rank(a) == rank(b)).filter(|group| group.len() <= MOST_ROWS) {
            of_group(group, timer, model, out);
        }
    }
}

fn of_group(group: &[&Row<'_>], timer: &Timer<'_>, model: &Model<'_>, out: &mut Findings) {
    let candidates: Vec<Candidate<'_>> =
        group.iter().map(|row| candidate(timer.when.as_ref(), row, &model.declared)).collect();
    for (later, row) in candidates.iter().zip(group) {
        let mut before = candidates.iter().zip(group).take_while(|(_, other)| other.id.at != row.id.at);
        if let Some((_, first)) = before.find(|(first, other)| other.after != row.after && ties(first, later, model)) {
            out.push(found(row, first, timer));
        }
    }
}

fn ties(first: &Candidate<'_>, later: &Candidate<'_>, model: &Model<'_>) -> bool {
    let special = |one: &Candidate<'_>, other: &Candidate<'_>| {
        !never_wins(&[one.clone(), other.clone()], &model.facts).is_empty()
    };
    overlap(first, later, &model.facts) && !special(first, later) && !special(later, first)
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
