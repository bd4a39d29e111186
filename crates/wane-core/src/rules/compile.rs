//! From a resolved model without errors to the ruleset that the engine decides by.

use std::cmp::Reverse;

use super::escape;
use super::files::Files;
use super::finding::{Finding, Findings};
use super::predicate::{Fault, Predicate};
use super::resolve::declared::Declared;
use super::resolve::{Context, Model, Row, Timer};
use super::source::{At, Sp};
use crate::choose::{Candidate, Chooser};
use crate::facts::{FactId, FactSource, FactTable, Name, SlotMask};
use crate::ruleset::{self, ChannelDef, Reaction, Roles, Ruleset, Wake};
use crate::signal::{Selector, SignalKind};
use crate::timer::{After, ChannelId, RowId, TimerId};

/// Compiles a predicate; its faults are reported where they stand in the file.
pub(crate) fn predicate(
    when: &Sp<Name>,
    context: &Context<'_>,
    facts: &mut FactTable,
    out: &mut Findings,
) -> Option<Predicate> {
    match Predicate::compile(when, facts) {
        Ok(predicate) => Some(predicate),
        Err(faults) => {
            for fault in faults {
                out.push(finding(when, context, fault));
            }
            None
        }
    }
}

fn finding(when: &Sp<Name>, context: &Context<'_>, fault: Fault) -> Finding {
    let written = context.sources.written(when.at);
    let (start, end) = (escape::place(written, fault.span.start), escape::place(written, fault.span.end));
    let base = when.at.range().start;
    let at = At::new(when.at.file, &(base + start..base + end.max(start)));
    let finding = Finding::coded(fault.code, fault.message).at(at, fault.label);
    match fault.help {
        Some(help) => finding.help(help),
        None => finding,
    }
}

/// Puts the ruleset together.
pub(crate) fn compile(mut model: Model<'_>, context: &Context<'_>, files: &Files) -> Ruleset {
    let rows = rows(&model, context);
    let choosers = choosers(&mut model);
    let gated = gated(&mut model);
    let channels = || (0..).map(ChannelId).take(model.declared.channels.len());
    let of_timer = |timer| channels().map(|channel| reads(timer, channel, &model)).collect();
    let reads: Vec<Vec<SlotMask>> = model.timers.iter().map(of_timer).collect();
    let reactions = reactions(&model);
    let declared = &model.declared;
    let channels = declared.channels.iter().map(|channel| ChannelDef {
        name: channel.name.clone(),
        governed: channel.governed,
        notice_window: channel.notice_window.and_then(|name| declared.timer(name)).map(TimerId),
    });
    Ruleset {
        hash: files.hash(),
        rows,
        choosers,
        gated,
        channels: channels.collect(),
        calendars: declared
            .calendars
            .iter()
            .map(|(raw, calendar)| (raw.name.value.clone(), calendar.clone()))
            .collect(),
        wake: wake(&model),
        timezone: declared.timezone.map_or(chrono_tz::UTC, |(zone, _)| zone),
        reactions,
        timers: model.timers.into_iter().zip(reads).map(|(timer, reads)| with_reads(timer, reads)).collect(),
        facts: model.facts,
        custom: model.custom,
    }
}

fn with_reads(timer: Timer<'_>, reads: Vec<SlotMask>) -> crate::timer::TimerDef {
    crate::timer::TimerDef { reads, ..timer.def }
}

/// T15: where capacity is counted by status, a session wakes straight to its rep.
fn wake(model: &Model<'_>) -> Wake {
    let by_status = model.declared.status_based_capacity.is_some_and(|flag| flag.value);
    if by_status { Wake::Active } else { model.declared.wake.map(|wake| wake.value).unwrap_or_default() }
}

fn rows(model: &Model<'_>, context: &Context<'_>) -> Vec<ruleset::Row> {
    model.rows.iter().map(|row| compiled_row(row, model, context)).collect()
}

fn compiled_row(row: &Row<'_>, model: &Model<'_>, context: &Context<'_>) -> ruleset::Row {
    let of_timer = model.timers.get(row.timer).and_then(|timer| timer.when.clone());
    ruleset::Row {
        id: row.id.value.clone(),
        timer: TimerId(u16::try_from(row.timer).unwrap_or(u16::MAX)),
        channels: row.channels.clone(),
        when: of_timer.into_iter().chain(row.when.clone()).collect(),
        after: row.after.clone(),
        priority: row.raw.priority,
        default: row.raw.default,
        origin: context.sources.origin(row.raw.at),
    }
}

/// A timer's rows, best first (R1).
pub(crate) fn ranked(timer: &Timer<'_>, rows: &[Row<'_>]) -> Vec<usize> {
    let mut order = timer.rows.clone();
    order.sort_by_key(|index| rows.get(*index).map(rank));
    order
}

/// Equal for rows among which only the order of declaration decides.
pub(crate) fn rank(row: &Row<'_>) -> (Reverse<i64>, bool, bool, bool) {
    (Reverse(row.raw.priority), row.channels.is_none(), row.when.is_none(), row.raw.default)
}

fn choosers(model: &mut Model<'_>) -> Vec<Chooser> {
    let Model { timers, rows, declared, facts, .. } = model;
    timers.iter().map(|timer| chooser(timer, timer.when.as_ref(), (rows, declared, facts))).collect()
}

fn gated(model: &mut Model<'_>) -> Vec<Option<ruleset::Gated>> {
    let Model { timers, rows, declared, facts, .. } = model;
    let one = |timer: &Timer<'_>| {
        timer.def.choose_on.as_ref()?;
        let gate = Candidate { row: RowId(0), channels: None, when: vec![timer.when.as_ref()?], within: None };
        let gate = Chooser::new(&[gate], facts);
        Some(ruleset::Gated { gate, rows: chooser(timer, None, (rows, declared, facts)) })
    };
    timers.iter().map(one).collect()
}

/// A timer's rows, each of them only while `also` holds.
fn chooser(
    timer: &Timer<'_>,
    also: Option<&Predicate>,
    (rows, declared, facts): (&[Row<'_>], &Declared<'_>, &mut FactTable),
) -> Chooser {
    let ranked = ranked(timer, rows).into_iter().filter_map(|index| rows.get(index));
    let candidates: Vec<Candidate<'_>> = ranked.map(|row| candidate(also, row, declared)).collect();
    Chooser::new(&candidates, facts)
}

/// A row as the chooser needs it, while `also` holds.
pub(crate) fn candidate<'m>(
    also: Option<&'m Predicate>,
    row: &'m Row<'_>,
    declared: &'m Declared<'_>,
) -> Candidate<'m> {
    let name = |channel: &ChannelId| declared.channel_def(*channel).map(|channel| &*channel.name);
    Candidate {
        row: row.number,
        channels: row.channels.as_ref().map(|list| list.iter().filter_map(name).collect()),
        when: also.into_iter().chain(&row.when).collect(),
        within: within(&row.after),
    }
}

const fn within(after: &After) -> Option<(FactId, crate::time::Period, crate::time::Period)> {
    match after {
        After::Fact { fact, min, max } => Some((*fact, *min, *max)),
        After::Never | After::For(_) => None,
    }
}

/// The stored facts that a timer's rows for a channel read.
fn reads(timer: &Timer<'_>, channel: ChannelId, model: &Model<'_>) -> SlotMask {
    let candidate = |row: &&Row<'_>| row.channels.as_ref().is_none_or(|channels| channels.contains(&channel));
    let rows = || timer.rows.iter().filter_map(|index| model.rows.get(*index)).filter(candidate);
    let of_predicates = timer.when.iter().chain(rows().filter_map(|row| row.when.as_ref())).flat_map(Predicate::reads);
    let of_lengths = rows().filter_map(|row| within(&row.after)).map(|(fact, ..)| fact);
    let mut mask = SlotMask::EMPTY;
    for fact in of_predicates.copied().chain(of_lengths) {
        let is_stored = model.facts.get(fact).is_some_and(|def| def.source == FactSource::Stored);
        if let Some(slot) = model.facts.slot(fact).filter(|_| is_stored) {
            mask.insert(slot);
        }
    }
    mask
}

/// By kind of signal: what it does to which timer.
pub(crate) fn reactions(model: &Model<'_>) -> Vec<Vec<Reaction>> {
    let mut table = vec![Vec::new(); usize::from(SignalKind::BUILT_IN) + model.custom.len()];
    for (timer, number) in model.timers.iter().zip(0..) {
        let def = &timer.def;
        let choose = def.choose_on.as_deref().unwrap_or_default();
        add(&mut table, number, &def.stop_on, |reaction| &mut reaction.stop);
        add(&mut table, number, &def.start_on, |reaction| &mut reaction.start);
        add(&mut table, number, &def.restart_on, |reaction| &mut reaction.restart);
        add(&mut table, number, choose, |reaction| &mut reaction.choose);
    }
    table
}

fn add(table: &mut [Vec<Reaction>], timer: u16, selectors: &[Selector], field: fn(&mut Reaction) -> &mut Roles) {
    for selector in selectors {
        let Some(reactions) = table.get_mut(selector.kind.index()) else { continue };
        if reactions.last().is_none_or(|last| last.timer != timer) {
            reactions.push(Reaction { timer, ..Reaction::default() });
        }
        if let Some(reaction) = reactions.last_mut() {
            let roles = field(reaction);
            *roles = Some(roles.map_or(selector.roles, |held| held.or(selector.roles)));
        }
    }
}
