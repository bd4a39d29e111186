//! `wane diff OLD NEW`: what differs between two directories of rules, by timer, by row, by channel; formatting, comments and
//! the order of keys do not count.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use wane_core::ruleset::{Ruleset, Wake};
use wane_core::timer::Origin;

use crate::Verdict;
use crate::cli::DiffArgs;
use crate::describe::{self, Fields};
use crate::out::{Out, Style};
use crate::rulesets;
use crate::trouble::Trouble;

/// A named part of a ruleset: what it is, where it stands, its fields.
struct Part {
    origin: Option<Origin>,
    fields: Fields,
}

type Parts = BTreeMap<(&'static str, String), Part>;

/// Runs the command.
///
/// # Errors
/// [`Trouble`] when one of the directories can not be loaded.
pub(crate) fn run(args: &DiffArgs, out: &mut Out) -> Result<Verdict, Trouble> {
    let old = rulesets::load(&args.old, out)?;
    let new = rulesets::load(&args.new, out)?;
    let (before, after) = (parts(&old), parts(&new));
    let names: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let (mut removed, mut added, mut differ) = (0_usize, 0_usize, 0_usize);
    for name in names {
        match (before.get(name), after.get(name)) {
            (Some(old), None) => {
                removed += 1;
                whole(out, ("-", Style::Bad), name, old)?;
            }
            (None, Some(new)) => {
                added += 1;
                whole(out, ("+", Style::Good), name, new)?;
            }
            (Some(old), Some(new)) if old.fields != new.fields => {
                differ += 1;
                changed(out, name, old, new)?;
            }
            _ => {}
        }
    }
    summary(out, [removed, added, differ])
}

fn summary(out: &mut Out, [removed, added, changed]: [usize; 3]) -> Result<Verdict, Trouble> {
    if removed + added + changed == 0 {
        writeln!(out, "no difference in what the rules say")?;
        return Ok(Verdict::Well);
    }
    writeln!(out, "{removed} removed, {added} added, {changed} changed")?;
    Ok(Verdict::Findings)
}

fn whole(out: &mut Out, mark: (&str, Style), name: &(&str, String), part: &Part) -> Result<(), Trouble> {
    let head = format!("{} {} {}", mark.0, name.0, name.1);
    writeln!(out, "{}{}", out.paint(mark.1, &head), place(part.origin.as_ref()))?;
    for (field, value) in &part.fields {
        writeln!(out, "    {field} = {value}")?;
    }
    Ok(())
}

fn changed(out: &mut Out, name: &(&str, String), old: &Part, new: &Part) -> Result<(), Trouble> {
    let head = format!("~ {} {}", name.0, name.1);
    writeln!(out, "{}{}", out.paint(Style::Changed, &head), place(new.origin.as_ref()))?;
    let value = |fields: &Fields, field: &str| {
        fields.iter().find(|(name, _)| *name == field).map_or("(not set)".to_owned(), |(_, value)| value.clone())
    };
    let mut fields: Vec<&str> = Vec::new();
    for (field, _) in old.fields.iter().chain(&new.fields) {
        if !fields.contains(field) {
            fields.push(field);
        }
    }
    for field in fields {
        let (before, after) = (value(&old.fields, field), value(&new.fields, field));
        if before != after {
            let before = out.paint(Style::Bad, &before);
            let after = out.paint(Style::Good, &after);
            writeln!(out, "    {field}: {before} -> {after}")?;
        }
    }
    Ok(())
}

fn place(origin: Option<&Origin>) -> String {
    origin.map(|origin| format!("  ({}:{})", origin.file, origin.line)).unwrap_or_default()
}

fn parts(rules: &Ruleset) -> Parts {
    let mut parts = Parts::new();
    for timer in &rules.timers {
        let part = Part { origin: Some(timer.origin.clone()), fields: describe::timer(rules, timer) };
        parts.insert(("timer", timer.name.to_string()), part);
    }
    for row in &rules.rows {
        let part = Part { origin: Some(row.origin.clone()), fields: describe::row(rules, row) };
        parts.insert(("rule", row.id.to_string()), part);
    }
    for channel in &rules.channels {
        let window = channel.notice_window.and_then(|id| rules.timer(id)).map(|timer| timer.name.to_string());
        let mut fields = vec![("governed", channel.governed.to_string())];
        fields.extend(window.map(|name| ("notice_window", name)));
        parts.insert(("channel", channel.name.to_string()), Part { origin: None, fields });
    }
    for (name, calendar) in &rules.calendars {
        let fields = vec![("hours", calendar.to_string())];
        parts.insert(("calendar", name.to_string()), Part { origin: None, fields });
    }
    for def in rules.facts.defs() {
        if let Some(fields) = describe::fact(def) {
            parts.insert(("fact", def.name.to_string()), Part { origin: None, fields });
        }
    }
    let wake = if rules.wake == Wake::Active { "active" } else { "waiting" };
    let org = vec![("wake to", wake.to_owned()), ("timezone", rules.timezone.to_string())];
    parts.insert(("organisation", String::new()), Part { origin: None, fields: org });
    parts
}
