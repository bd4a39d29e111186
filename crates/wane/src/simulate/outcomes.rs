//! What became of the sessions, counted by channel and reason; and what became of the events.

use std::collections::BTreeMap;
use std::io::{self, Write};

use wane_core::effect::{Answer, Cause, Effect, EffectBody, Outcome};
use wane_core::facts::Name;
use wane_core::ruleset::Ruleset;
use wane_core::session::{Session, Status};
use wane_core::signal::SignalKind;
use wane_core::time::Span;
use wane_core::timer::TimerId;

use super::because::instant;
use super::play::{Moment, Play};
use crate::diagnostics::plural;
use crate::out::{Out, Style, plain};

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Ended,
    WentInactive,
    ClientRefused,
}

/// Why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Why {
    Lapse(TimerId),
    Afterwards(TimerId),
    Event(SignalKind),
}

/// The counts.
#[derive(Debug, Default)]
pub(super) struct Outcomes {
    counts: BTreeMap<(Name, What, Why), u64>,
    events: u64,
    duplicates: u64,
    late: u64,
    latest_by: i64,
    left_out: u64,
    refused: BTreeMap<String, (u64, u64)>,
}

impl Outcomes {
    /// Counts what happened.
    pub(super) fn moment(&mut self, moment: &Moment<'_>) {
        for effect in moment.effects {
            let Some(what) = what(effect) else { continue };
            let why = match &effect.cause {
                Cause::Event(kind) => Why::Event(*kind),
                Cause::Lapse(cause) | Cause::Warning(cause) => Why::Lapse(cause.timer),
                Cause::Afterwards(cause, _) => Why::Afterwards(cause.timer),
            };
            *self.counts.entry((moment.talk.channel.clone(), what, why)).or_default() += 1;
        }
    }

    /// Counts what became of an event.
    pub(super) fn answer(&mut self, answer: &Answer, line: u64) {
        self.events += 1;
        self.late += u64::from(answer.late_by > 0);
        self.latest_by = self.latest_by.max(answer.late_by);
        match &answer.outcome {
            Outcome::Duplicate => self.duplicates += 1,
            Outcome::Refused(why) => {
                self.refused.entry(plain(&why.to_string()).into_owned()).or_insert((0, line)).0 += 1
            }
            Outcome::Applied => {}
        }
    }

    /// Whether any event was counted.
    pub(super) const fn begun(&self) -> bool {
        self.events > 0 || self.left_out > 0
    }

    /// Counts an event after the end of the time that was asked for.
    pub(super) fn left_out(&mut self) {
        self.left_out += 1;
    }

    /// Shows the counts.
    ///
    /// # Errors
    /// When the output is gone.
    pub(super) fn show(&self, play: &Play, out: &mut Out) -> io::Result<()> {
        writeln!(out)?;
        self.table(play, out)?;
        writeln!(out)?;
        let talks = play.talks.iter().filter(|talk| talk.state.is_some()).count();
        let head = format!(
            "{} in {}, until {}",
            plural(usize::try_from(self.events).unwrap_or(usize::MAX), "event"),
            plural(talks, "conversation"),
            instant(play.now)
        );
        writeln!(out, "{head}")?;
        self.remarks(out)
    }

    fn table(&self, play: &Play, out: &mut Out) -> io::Result<()> {
        let rules = play.rules();
        let mut rows: Vec<[String; 3]> = Vec::new();
        for ((channel, what, why), count) in &self.counts {
            rows.push([
                channel.to_string(),
                format!("{} {}", what_words(*what), why_words(rules, *why)),
                count.to_string(),
            ]);
        }
        for ((channel, status), count) in still_open(play) {
            rows.push([channel.to_string(), format!("still {}", status.name()), count.to_string()]);
        }
        rows.sort_by(|left, right| left.first().cmp(&right.first()));
        show_table(&rows, out)
    }

    fn remarks(&self, out: &mut Out) -> io::Result<()> {
        if self.duplicates > 0 {
            writeln!(out, "{} came twice (same id) and changed nothing", self.duplicates)?;
        }
        if self.late > 0 {
            let by = Span(self.latest_by);
            writeln!(
                out,
                "{} came late, by up to {by}: older than what their conversation had come to, and applied as of then",
                self.late
            )?;
        }
        if self.left_out > 0 {
            writeln!(out, "{} after `--until` left out", self.left_out)?;
        }
        for (why, (count, line)) in &self.refused {
            let text = format!("{count} refused: {why} (first in line {line})");
            writeln!(out, "{}", out.paint(Style::Changed, &text))?;
        }
        Ok(())
    }
}

const fn what(effect: &Effect) -> Option<What> {
    match effect.body {
        EffectBody::SessionEnded => Some(What::Ended),
        EffectBody::SessionInactivated => Some(What::WentInactive),
        EffectBody::ClientRefused { .. } => Some(What::ClientRefused),
        EffectBody::SessionOpened
        | EffectBody::SessionActivated
        | EffectBody::SessionRequeued
        | EffectBody::BotSessionEnded
        | EffectBody::ConversationEnded
        | EffectBody::ParticipantRemoved { .. }
        | EffectBody::NoticeDue(_)
        | EffectBody::NoticeUndeliverable { .. }
        | EffectBody::TransferRequested { .. }
        | EffectBody::SessionTagged { .. }
        | EffectBody::Custom { .. } => None,
    }
}

const fn what_words(what: What) -> &'static str {
    match what {
        What::Ended => "ended",
        What::WentInactive => "went inactive",
        What::ClientRefused => "client refused",
    }
}

fn why_words(rules: &Ruleset, why: Why) -> String {
    let name = |timer: TimerId| rules.timer(timer).map_or("?", |timer| &*timer.name);
    match why {
        Why::Lapse(timer) => format!("by timer {}", name(timer)),
        Why::Afterwards(timer) => format!("at a contact after timer {}", name(timer)),
        Why::Event(kind) => format!("at {}", rules.signal_name(kind)),
    }
}

fn still_open(play: &Play) -> BTreeMap<(&Name, Status), u64> {
    let mut counts = BTreeMap::new();
    for talk in &play.talks {
        if let Some(status) = talk.state.as_ref().and_then(|state| state.session()).map(Session::status) {
            *counts.entry((&talk.channel, status)).or_default() += 1;
        }
    }
    counts
}

fn show_table(rows: &[[String; 3]], out: &mut Out) -> io::Result<()> {
    let width = |column: usize, title: &str| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.max().unwrap_or_default().max(title.len())
    };
    let (first, second, third) = (width(0, "channel"), width(1, "outcome"), width(2, "sessions"));
    let head = format!("{:first$}  {:second$}  {:>third$}", "channel", "outcome", "sessions");
    writeln!(out, "{}", out.paint(Style::Strong, &head))?;
    for [channel, outcome, count] in rows {
        writeln!(out, "{channel:first$}  {outcome:second$}  {count:>third$}")?;
    }
    Ok(())
}
