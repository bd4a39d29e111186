//! Rule rows: timer, channels, length and predicate, found.

use std::collections::BTreeMap;

use super::declared::Declared;
use super::{Context, Row, Timer, actions, timers};
use crate::facts::{FactTable, FactType, Name};
use crate::rules::finding::Findings;
use crate::rules::schema::Document;
use crate::rules::schema::rule::{After as RawAfter, Rule};
use crate::rules::source::Sp;
use crate::rules::{check, compile};
use crate::time::Period;
use crate::timer::{After, ChannelId};

/// What rules are resolved with.
#[derive(Debug)]
pub(crate) struct Scope<'s, 'd> {
    pub(crate) declared: &'s Declared<'d>,
    pub(crate) timers: &'s [Timer<'d>],
    pub(crate) facts: &'s mut FactTable,
    pub(crate) context: &'s Context<'s>,
}

/// All rows, in the order of declaration.
pub(crate) fn resolve<'d>(documents: &'d [Document], scope: &mut Scope<'_, 'd>, out: &mut Findings) -> Vec<Row<'d>> {
    let mut ids: BTreeMap<&str, &Sp<Name>> = BTreeMap::new();
    let mut rows = Vec::new();
    for document in documents {
        if let Some(channel) = document.channel.as_ref().filter(|channel| scope.declared.channel(channel).is_none()) {
            out.push(check::unknown_channel::found(channel, scope.declared.channel_names()));
        }
        for rule in &document.rules {
            if let Some(id) = &rule.id {
                match ids.get(&*id.value) {
                    Some(first) => out.push(check::duplicate_rule::found(id, first)),
                    None => drop(ids.insert(id, id)),
                }
            }
            let before = out.count();
            let channels = channels(rule, document, scope.declared, out);
            let found = Found {
                nowhere: out.count() > before
                    || document.channel.is_some() && channels.as_ref().is_none_or(Vec::is_empty),
                channels,
                timer: rule.timer.as_ref().and_then(|name| actions::timer(name, scope.declared, out)),
                when: rule.when.as_ref().map(|when| compile::predicate(when, scope.context, scope.facts, out)),
            };
            let channel = document.channel.as_ref();
            rows.extend(
                row(rule, found, scope.timers, scope.facts, out).map(|row| Row { file_channel: channel, ..row }),
            );
        }
    }
    rows
}

/// What a rule names.
struct Found {
    timer: Option<crate::timer::TimerId>,
    channels: Option<Vec<ChannelId>>,
    /// Whether some of its channels do not exist.
    nowhere: bool,
    /// `Some(None)` is a predicate that is at fault.
    when: Option<Option<crate::rules::predicate::Predicate>>,
}

fn row<'d>(
    rule: &'d Rule,
    found: Found,
    timers: &[Timer<'d>],
    facts: &FactTable,
    out: &mut Findings,
) -> Option<Row<'d>> {
    let timer = usize::from(found.timer?.0);
    let length = rule.after.as_ref().and_then(|raw| after(raw, timers.get(timer)?, facts, out));
    let whole = !rule.faulty && length.is_some() && !found.nowhere && !matches!(found.when, Some(None));
    Some(Row {
        raw: rule,
        number: crate::timer::RowId(0),
        id: rule.id.as_ref()?,
        timer,
        channels: found.channels,
        file_channel: None,
        after: length.unwrap_or(After::Never),
        when: found.when.flatten(),
        whole,
    })
}

fn channels(rule: &Rule, document: &Document, declared: &Declared<'_>, out: &mut Findings) -> Option<Vec<ChannelId>> {
    let of_file = document.channel.as_ref();
    let of_rule = rule.channels.as_ref().map(|list| timers::channels(list, declared, out));
    let Some(file) = of_file else { return of_rule };
    let channel = declared.channel(file);
    if let (Some(list), Some(channel), Some(written)) = (&of_rule, channel, &rule.channels)
        && list.iter().any(|named| *named != channel)
    {
        out.push(check::channel_twice::other_than_file(written.at, file.at, file));
    }
    Some(channel.into_iter().collect())
}

fn after(raw: &Sp<RawAfter>, timer: &Timer<'_>, facts: &FactTable, out: &mut Findings) -> Option<After> {
    let range = timer.raw.range.as_ref();
    match &raw.value {
        RawAfter::Never => Some(After::Never),
        RawAfter::For(period) => {
            check::out_of_range::check(&raw.with(*period), &timer.def.name, range, out);
            Some(After::For(*period))
        }
        RawAfter::Fact(name) => from_fact(name, range, facts, out),
    }
}

fn from_fact(
    name: &Sp<Name>,
    range: Option<&crate::rules::schema::timer::Range>,
    facts: &FactTable,
    out: &mut Findings,
) -> Option<After> {
    let Some(fact) = facts.find(name) else {
        let durations = facts.defs().iter().filter(|def| def.ty == FactType::Duration);
        out.push(check::unknown_fact::found(name, durations.map(|def| &*def.name)));
        return None;
    };
    let def = facts.get(fact)?;
    if def.ty != FactType::Duration {
        out.push(check::fact_not_duration::found(name, &def.ty));
        return None;
    }
    let shortest = Period::from_millis(1).ok()?;
    let min = range.and_then(|range| range.min.as_ref()).map_or(shortest, |min| min.value);
    let max = range.and_then(|range| range.max.as_ref()).map_or(Period::MAX, |max| max.value);
    Some(After::Fact { fact, min, max })
}
