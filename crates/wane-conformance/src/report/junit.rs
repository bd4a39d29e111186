//! The XML that JUnit made common: a suite for each profile, and one for what is around the cases.

use std::fmt::Write as _;

use super::{Outcome, Report, Verdict};

/// The report as XML.
#[must_use]
pub fn junit(report: &Report) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"wane conformance\">\n");
    for cases in report.outcomes.chunk_by(|left, right| left.profile == right.profile) {
        suite(cases, &mut text);
    }
    let failures = report.around.iter().filter(|check| !check.seen.is_empty()).count();
    let tests = report.around.len();
    let _ = writeln!(
        text,
        "  <testsuite name=\"around\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"0\">"
    );
    for check in &report.around {
        let head = format!("    <testcase name=\"{}\" classname=\"around\"", escape_xml(&check.id));
        let lines: Vec<String> = check.seen.iter().map(|(case, what)| format!("around {case}: {what}")).collect();
        if lines.is_empty() {
            let _ = writeln!(text, "{head}/>");
        } else {
            let why = escape_xml(&check.why);
            let _ = writeln!(
                text,
                "{head}><failure message=\"{why}\">{}</failure></testcase>",
                escape_xml(&lines.join("\n"))
            );
        }
    }
    text.push_str("  </testsuite>\n</testsuites>\n");
    text
}

fn suite(cases: &[Outcome], text: &mut String) {
    let Some(first) = cases.first() else { return };
    let count = |wanted: fn(&Verdict) -> bool| cases.iter().filter(|case| wanted(&case.verdict)).count();
    let failures = count(|verdict| matches!(verdict, Verdict::Fail(_)));
    let errors = count(|verdict| matches!(verdict, Verdict::Crash(_) | Verdict::Timeout(_)));
    let skipped = count(|verdict| matches!(verdict, Verdict::Skip(_)));
    let _ = writeln!(
        text,
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\">",
        escape_xml(&first.profile),
        cases.len()
    );
    cases.iter().for_each(|case| one(case, text));
    text.push_str("  </testsuite>\n");
}

fn one(case: &Outcome, text: &mut String) {
    let head = format!("    <testcase name=\"{}\" classname=\"{}\"", escape_xml(&case.id), escape_xml(&case.profile));
    let lines = escape_xml(&case.verdict.lines().join("\n"));
    let why = escape_xml(&case.why);
    let inside = match &case.verdict {
        Verdict::Pass => {
            let _ = writeln!(text, "{head}/>");
            return;
        }
        Verdict::Fail(_) => format!("<failure message=\"{why}\">{lines}\n{}</failure>", escape_xml(&case.again)),
        Verdict::Crash(_) | Verdict::Timeout(_) => {
            format!("<error message=\"{why}\">{lines}\n{}</error>", escape_xml(&case.again))
        }
        Verdict::Skip(_) => format!("<skipped message=\"{lines}\"/>"),
        Verdict::Warn(_) => format!("<system-out>{lines}</system-out>"),
    };
    let _ = writeln!(text, "{head}>{inside}</testcase>");
}

/// Text for XML, in its elements and its attributes; characters that XML can not hold become `\u{fffd}`.
#[must_use]
pub fn escape_xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}
