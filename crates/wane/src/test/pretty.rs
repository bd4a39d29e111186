//! Results for people: a line per file, and all about what failed.

use std::io::{self, Write};
use std::path::Path;

use wane_core::rules::files::Files;
use wane_core::scenario::{DiffLine, Failure, Mismatch};
use wane_core::time::Span;

use super::{Broken, Case, NotRefused, Outcome, Report};
use crate::diagnostics::{self, Source, plural};
use crate::out::{Out, Style};

/// Shows the report.
///
/// # Errors
/// When the output is gone.
pub(super) fn show(report: &Report, out: &mut Out) -> io::Result<()> {
    for broken in &report.broken {
        show_broken(broken, out)?;
    }
    for cases in report.cases.chunk_by(|left, right| left.file == right.file) {
        show_file(cases, out)?;
    }
    let failed = report.failed();
    let passed = report.cases.len() - failed;
    let mut line = format!("{} passed", plural(passed, "scenario"));
    if failed > 0 {
        line = format!("{line}, {}", out.paint(Style::Bad, &format!("{failed} failed")));
    }
    if !report.broken.is_empty() {
        line = format!("{line}, {} could not be read", plural(report.broken.len(), "file"));
    }
    writeln!(out, "{line}")
}

fn show_broken(broken: &Broken, out: &mut Out) -> io::Result<()> {
    let mut files = Files::default();
    files.insert(broken.file.display().to_string(), broken.content.clone());
    diagnostics::pretty(&broken.found, &Source { dir: Path::new(""), files: &files }, out)
}

fn show_file(cases: &[Case], out: &mut Out) -> io::Result<()> {
    let failed = cases.iter().filter(|case| !case.passed()).count();
    let Some(first) = cases.first() else { return Ok(()) };
    let file = first.file.display();
    if failed == 0 {
        let word = out.paint(Style::Good, "ok");
        return writeln!(out, "{word}    {file}: {}", plural(cases.len(), "scenario"));
    }
    let word = out.paint(Style::Bad, "FAILED");
    writeln!(out, "{word} {file}: {failed} of {}", plural(cases.len(), "scenario"))?;
    for case in cases.iter().filter(|case| !case.passed()) {
        let name = out.paint(Style::Strong, &case.name);
        writeln!(out, "\n  {name}\n  --> {}", case.place())?;
        for line in reasons(case) {
            let style = match line.trim_start().chars().next() {
                Some('-') => Some(Style::Bad),
                Some('+') => Some(Style::Good),
                Some('~') => Some(Style::Changed),
                Some(_) | None => None,
            };
            let line = style.map_or_else(|| line.clone(), |style| out.paint(style, &line));
            writeln!(out, "    {line}")?;
        }
    }
    writeln!(out)
}

/// Why a scenario failed, in lines.
pub(super) fn reasons(case: &Case) -> Vec<String> {
    match &case.outcome {
        Outcome::Passed => Vec::new(),
        Outcome::Failed(failure, line) => step(failure, &format!("{}:{line}", case.file.display())),
        Outcome::RulesRefused(found) => listed("its rules are refused:", found),
        Outcome::RulesNotRefused(not) => not_refused(not),
    }
}

fn listed(head: &str, found: &[String]) -> Vec<String> {
    let mut lines = vec![head.to_owned()];
    lines.extend(found.iter().map(|line| format!("  {line}")));
    lines
}

fn not_refused(not: &NotRefused) -> Vec<String> {
    let mut lines = Vec::new();
    if not.accepted {
        lines.push("its rules should be refused, but are accepted".to_owned());
    }
    lines.extend(not.lacking.iter().map(|text| format!("no finding says `{text}`")));
    if !not.found.is_empty() {
        lines.extend(listed("found:", &not.found));
    }
    lines
}

fn step(failure: &Failure, place: &str) -> Vec<String> {
    let mut lines = vec![format!("step {} at {} ({place}) came out otherwise", failure.step, Span(failure.at))];
    for mismatch in &failure.mismatches {
        match mismatch {
            Mismatch::Field { name, expected, actual } => {
                lines.push(format!("{name}: expected {expected}, got {actual}"));
            }
            Mismatch::Effects(difference) => {
                lines.push("effects (- expected only, + came only, ~ came with other fields):".to_owned());
                lines.extend(difference.iter().flat_map(difference_lines));
            }
        }
    }
    lines.extend(failure.refusal.as_ref().map(|why| format!("note: the event was refused: {why}")));
    lines
}

fn difference_lines(line: &DiffLine) -> Vec<String> {
    match line {
        DiffLine::Same(text) => vec![format!("    {text}")],
        DiffLine::Missing(text) => vec![format!("  - {text}")],
        DiffLine::Surplus(text) => vec![format!("  + {text}")],
        DiffLine::Differs(text, fields) => {
            let mut lines = vec![format!("  ~ {text}")];
            let differs =
                |(name, want, got): &(&str, String, String)| format!("      {name}: expected {want}, got {got}");
            lines.extend(fields.iter().map(differs));
            lines
        }
    }
}
