//! W0702: a rule that can never win.

use super::Check;
use crate::choose::Candidate;
use crate::choose::analysis::{Shadowed, never_wins};
use crate::diagnostic::Code;
use crate::rules::compile::{candidate, ranked};
use crate::rules::finding::{Finding, Findings};
use crate::rules::resolve::{Model, Row, Timer};

/// W0702.
pub(crate) static CHECK: Check =
    Check { code: Code("W0702"), name: "shadowed-rule", summary: "a rule that can never win" };

/// A row is shadowed when rows that come before it match whenever it does. Defaults are there to be overridden, so those
/// that another row covers stay quiet.
pub(crate) fn check(model: &Model<'_>, out: &mut Findings) {
    model.timers.iter().for_each(|timer| of_timer(timer, model, out));
}

fn of_timer(timer: &Timer<'_>, model: &Model<'_>, out: &mut Findings) {
    let rows: Vec<&Row<'_>> =
        ranked(timer, &model.rows).into_iter().filter_map(|index| model.rows.get(index)).collect();
    let candidates: Vec<Candidate<'_>> =
        rows.iter().map(|row| candidate(timer.when.as_ref(), row, &model.declared)).collect();
    for shadowed in never_wins(&candidates, &model.facts) {
        let Some(row) = rows.get(shadowed.index) else { continue };
        let by: Vec<&Row<'_>> = shadowed.by.iter().filter_map(|index| rows.get(*index).copied()).collect();
        if !is_other_finding(row, &by) {
            out.push(found(row, &by, &shadowed));
        }
    }
}

/// Two rules of one id are an error already, a constant predicate is a finding of its own, and a default is overridden
/// on purpose.
fn is_other_finding(row: &Row<'_>, by: &[&Row<'_>]) -> bool {
    by.iter().any(|by| by.id.value == row.id.value || row.raw.default && !by.raw.default)
        || row.when.as_ref().is_some_and(|when| when.constant() == Some(false))
}

fn found(row: &Row<'_>, by: &[&Row<'_>], shadowed: &Shadowed) -> Finding {
    if shadowed.impossible {
        return Finding::new(&CHECK, format!("rule `{}` can never win: nothing can ever match it", **row.id))
            .at(row.raw.when.as_ref().map_or(row.id.at, |when| when.at), "never holds")
            .help("its conditions contradict each other, or those of the timer");
    }
    let names: Vec<String> = by.iter().map(|by| format!("`{}`", **by.id)).collect();
    let (rules, come) = if by.len() == 1 { ("rule", "comes") } else { ("rules", "come") };
    let names = names.join(", ");
    let message = format!("rule `{}` can never win: {rules} {names} {come} before it whenever it matches", **row.id);
    let finding = Finding::new(&CHECK, message).at(row.id.at, "");
    let finding = by.iter().fold(finding, |finding, by| finding.at(by.id.at, "wins over it"));
    finding.help("give it a higher `priority` or a narrower predicate, or remove it")
}
