//! The Test Anything Protocol, version 14.

use std::fmt::Write as _;

use super::{Report, Verdict, plain};

/// The report as TAP.
#[must_use]
pub fn tap(report: &Report) -> String {
    let mut text = format!("TAP version 14\n1..{}\n", report.outcomes.len() + report.around.len());
    let mut number = 0;
    for outcome in &report.outcomes {
        number += 1;
        let bad = outcome.verdict.bad() || matches!(outcome.verdict, Verdict::Warn(_));
        let directive = match &outcome.verdict {
            Verdict::Skip(why) => format!(" # SKIP {}", plain(why)),
            // The protocol's word for a failure that does not count, put together so that nobody takes it for a note of ours.
            Verdict::Warn(_) => concat!(" # TO", "DO it only advises").to_owned(),
            Verdict::Pass | Verdict::Fail(_) | Verdict::Crash(_) | Verdict::Timeout(_) => String::new(),
        };
        let title = escape(&format!("{}: {}", outcome.id, outcome.title));
        let _ = writeln!(text, "{} {number} - {title}{directive}", if bad { "not ok" } else { "ok" });
        if bad {
            let facts = [
                ("verdict", outcome.verdict.word()),
                ("why", &outcome.why),
                ("at", &outcome.place),
                ("again", &outcome.again),
            ];
            block(&facts, &outcome.verdict.lines(), &mut text);
        }
    }
    for check in &report.around {
        number += 1;
        let ok = if check.seen.is_empty() { "ok" } else { "not ok" };
        let _ = writeln!(text, "{ok} {number} - {}", escape(&format!("{}: {}", check.id, check.title)));
        let lines: Vec<String> = check.seen.iter().map(|(case, what)| format!("around {case}: {what}")).collect();
        if !lines.is_empty() {
            block(&[("why", &check.why)], &lines, &mut text);
        }
    }
    text
}

fn block(facts: &[(&str, &str)], lines: &[String], text: &mut String) {
    text.push_str("  ---\n");
    for (name, value) in facts {
        let _ = writeln!(text, "  {name}: {}", serde_json::Value::from(plain(value)));
    }
    text.push_str("  message: |\n");
    for line in lines {
        let _ = writeln!(text, "    {}", plain(line));
    }
    text.push_str("  ...\n");
}

/// `#` starts a directive in a description.
fn escape(text: &str) -> String {
    plain(&text.replace('\\', "\\\\").replace('#', "\\#"))
}
