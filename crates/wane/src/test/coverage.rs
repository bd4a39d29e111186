//! Which rule rows and timers the scenarios used.
//!
//! Only rulesets that are directories count; the rows of inline rulesets stand in the scenarios themselves.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;
use wane_core::ruleset::Ruleset;
use wane_core::scenario::Tally;
use wane_core::timer::Origin;

use crate::cli::TestFormat;
use crate::diagnostics::plural;
use crate::out::{Out, Style};

/// How often each row won and each timer lapsed, by ruleset.
#[derive(Debug, Default)]
pub(super) struct Coverage {
    rulesets: BTreeMap<String, Counted>,
}

#[derive(Debug, Default)]
struct Counted {
    rows: Vec<Used>,
    timers: Vec<Used>,
}

/// One row or timer and how often it was used.
#[derive(Debug, Serialize)]
struct Used {
    file: String,
    line: u32,
    name: String,
    count: usize,
}

impl Coverage {
    /// Adds what a scenario used.
    pub(super) fn add(&mut self, dir: &Path, rules: &Ruleset, tally: &Tally) {
        let counted = self.rulesets.entry(dir.display().to_string()).or_insert_with(|| Counted::new(dir, rules));
        for (row, wins) in tally.wins() {
            add_to(&mut counted.rows, usize::try_from(row.0).ok(), wins);
        }
        for (timer, lapses) in tally.lapses() {
            add_to(&mut counted.timers, Some(usize::from(timer.0)), lapses);
        }
    }
}

fn add_to(used: &mut [Used], index: Option<usize>, count: usize) {
    if let Some(entry) = index.and_then(|index| used.get_mut(index)) {
        entry.count += count;
    }
}

impl Counted {
    fn new(dir: &Path, rules: &Ruleset) -> Self {
        let used = |origin: &Origin, name: &str| Used {
            file: dir.join(&*origin.file).display().to_string(),
            line: origin.line,
            name: name.to_owned(),
            count: 0,
        };
        Self {
            rows: rules.rows.iter().map(|row| used(&row.origin, &row.id)).collect(),
            timers: rules.timers.iter().map(|timer| used(&timer.origin, &timer.name)).collect(),
        }
    }
}

/// Shows the coverage.
///
/// # Errors
/// When the output is gone.
pub(super) fn show(coverage: &Coverage, format: TestFormat, out: &mut Out) -> io::Result<()> {
    match format {
        TestFormat::Json => json(coverage, out),
        TestFormat::Pretty => pretty(coverage, "", out),
        TestFormat::Tap => pretty(coverage, "# ", out),
        // A comment after the root is the only place that the XML leaves.
        TestFormat::Junit => {
            writeln!(out, "<!--")?;
            pretty(coverage, "", out)?;
            writeln!(out, "-->")
        }
    }
}

fn pretty(coverage: &Coverage, head: &str, out: &mut Out) -> io::Result<()> {
    for (dir, counted) in &coverage.rulesets {
        for (used, what, did) in [(&counted.rows, "rule", "won"), (&counted.timers, "timer", "lapsed")] {
            let idle = used.iter().filter(|entry| entry.count == 0).count();
            let title = format!("{dir}: {} of {} {did}", used.len() - idle, plural(used.len(), what));
            writeln!(out, "{head}\n{head}{}", out.paint(Style::Strong, &title))?;
            for entry in used {
                let line = format!("{:>7} x  {}:{} {}", entry.count, entry.file, entry.line, entry.name);
                let line = if entry.count == 0 { out.paint(Style::Bad, &format!("{line}  (never)")) } else { line };
                writeln!(out, "{head}{line}")?;
            }
        }
    }
    Ok(())
}

#[derive(Serialize)]
struct Line<'a> {
    ruleset: &'a str,
    kind: &'static str,
    #[serde(flatten)]
    used: &'a Used,
}

fn json(coverage: &Coverage, out: &mut Out) -> io::Result<()> {
    for (ruleset, counted) in &coverage.rulesets {
        for (entries, kind) in [(&counted.rows, "rule"), (&counted.timers, "timer")] {
            for used in entries {
                serde_json::to_writer(&mut *out, &Line { ruleset, kind, used })?;
                out.write_all(b"\n")?;
            }
        }
    }
    Ok(())
}
