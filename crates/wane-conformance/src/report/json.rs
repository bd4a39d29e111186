//! One JSON object: the same as the text, for programs.

use serde_json::{Value, json as object};

use super::{Around, Outcome, Report, kit};

/// The report as JSON.
#[must_use]
pub fn json(report: &Report) -> Value {
    let counts = report.counts();
    object!({
        "kit": kit(),
        "plugin": { "name": report.name, "version": report.version, "channel": report.channel, "sha256": report.hash },
        "profile": report.profile,
        "level": { "asked": report.level, "reached": report.reached() },
        "conforms": report.passed() && !report.partial,
        "partial": report.partial,
        "counts": {
            "cases": counts.all, "passed": counts.passed, "failed": counts.bad, "skipped": counts.skipped, "warned": counts.warned,
        },
        "cases": report.outcomes.iter().map(case).collect::<Vec<_>>(),
        "around": report.around.iter().map(around).collect::<Vec<_>>(),
    })
}

fn case(outcome: &Outcome) -> Value {
    object!({
        "id": outcome.id, "profile": outcome.profile, "way": outcome.way.name(), "level": outcome.level,
        "title": outcome.title, "why": outcome.why, "requirements": outcome.requirements,
        "verdict": outcome.verdict.word(), "details": outcome.verdict.lines(), "at": outcome.place, "again": outcome.again,
    })
}

fn around(check: &Around) -> Value {
    let seen = check.seen.iter().map(|(case, what)| object!({ "case": case, "what": what }));
    object!({ "id": check.id, "title": check.title, "why": check.why, "seen": seen.collect::<Vec<_>>() })
}
