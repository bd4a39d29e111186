//! For people: what failed, and the report that is shown to a customer.

use std::fmt::Write as _;

use super::{Report, Verdict, kit, level_name, plain};

/// The report.
#[must_use]
pub fn text(report: &Report) -> String {
    let mut text = String::new();
    failures(report, &mut text);
    skips(report, &mut text);
    closing(report, &mut text);
    text
}

// Writing to a text does not fail, so what `writeln!` returns is dropped.

fn failures(report: &Report, text: &mut String) {
    for outcome in report.outcomes.iter().filter(|outcome| !matches!(outcome.verdict, Verdict::Pass | Verdict::Skip(_)))
    {
        let _ = writeln!(text, "{} {}: {}", outcome.verdict.word(), outcome.id, outcome.title);
        let _ = writeln!(text, "  why    {}", outcome.why);
        let _ = writeln!(text, "  at     {}", outcome.place);
        for line in outcome.verdict.lines() {
            let _ = writeln!(text, "         {}", plain(&line));
        }
        let _ = writeln!(text, "  again  {}\n", outcome.again);
    }
    for check in report.around.iter().filter(|check| !check.seen.is_empty()) {
        let _ = writeln!(text, "fail {}: {}", check.id, check.title);
        let _ = writeln!(text, "  why    {}", check.why);
        for (case, what) in check.seen.iter().take(3) {
            let _ = writeln!(text, "         around `{case}`: {}", plain(what));
        }
        let more = check.seen.len().saturating_sub(3);
        if more > 0 {
            let _ = writeln!(text, "         and around {more} more");
        }
        text.push('\n');
    }
}

fn skips(report: &Report, text: &mut String) {
    for outcome in &report.outcomes {
        if let Verdict::Skip(why) = &outcome.verdict {
            let _ = writeln!(text, "skip {}: {why}", outcome.id);
        }
    }
}

fn closing(report: &Report, text: &mut String) {
    let counts = report.counts();
    let reached = report.reached().map_or_else(|| "none".to_owned(), level_name);
    let around = report.around.iter().filter(|check| check.seen.is_empty()).count();
    let negative = report.outcomes.iter().filter(|outcome| outcome.way.negative()).count();
    let _ = writeln!(text, "Conformance of a channel plugin");
    let mut line = |name: &str, value: &str| text.push_str(&format!("  {name:<9} {}\n", plain(value)));
    line("plugin", &format!("{} {} for the channel {}", report.name, report.version, report.channel));
    line("SHA-256", &report.hash);
    line("profile", &format!("{}: {}", report.profile, report.title));
    line("asked", &level_name(report.level));
    line("reached", &reached);
    line(
        "cases",
        &format!(
            "{} ({negative} of them negative): {} passed, {} failed, {} skipped, {} warned",
            counts.all, counts.passed, counts.bad, counts.skipped, counts.warned
        ),
    );
    if !report.around.is_empty() {
        line("around", &format!("{around} of {} checks around every case", report.around.len()));
    }
    line("kit", &format!("wane-conformance {}, ABI 1", kit()));
    let verdict = match (report.passed(), report.partial) {
        (false, _) => "DOES NOT CONFORM".to_owned(),
        (true, true) => "NO CLAIM: only some cases were played".to_owned(),
        (true, false) => format!("CONFORMS at {reached}"),
    };
    line("verdict", &verdict);
}
