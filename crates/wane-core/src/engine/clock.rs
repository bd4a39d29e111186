//! The clock: which point of which timer comes next, and what happens when it is reached (C2, C3, X1).
//!
//! A running timer has one next point: its next warning, or its lapse. Points are reached in the order of their instants;
//! equal ones in the order in which the timers are declared.

use super::work::Work;
use crate::effect::{Cause, Lapse, TimerCause};
use crate::ruleset::Ruleset;
use crate::session::Conversation;
use crate::time::Timestamp;
use crate::timer::{CatchUp, Fires, Outage, Phase, Running, TimerDef, TimerState};

/// The next point of a timer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    /// The first instant at which an event comes too late for it.
    pub(super) fires: Timestamp,
    /// When the clock may decide it: `fires`, or later by the grace.
    pub(super) decided: Timestamp,
    /// The instant that its effects carry.
    dated: Timestamp,
    /// Its place in the conversation's timers.
    index: usize,
    /// The warning, or the lapse.
    warning: Option<usize>,
}

/// The next point of all. Only this one may be decided: a later deadline waits for an earlier one in its grace.
pub(super) fn earliest(rules: &Ruleset, state: &Conversation) -> Option<Point> {
    let points = state.timers.iter().enumerate().filter_map(|(index, timer)| next_point(rules, index, timer));
    // `min_by_key` keeps the first of equals, and timers are in the order of declaration.
    points.min_by_key(|point| point.fires)
}

fn next_point(rules: &Ruleset, index: usize, timer: &TimerState) -> Option<Point> {
    let Phase::Running(running) = &timer.phase else { return None };
    let def = rules.timer(timer.timer)?;
    let deadline = running.deadline?;
    let fires = lapse_instant(def, deadline);
    let warned = usize::from(running.warned);
    if let Some(due) = warning_instant(rules, def, running, warned).filter(|due| *due < fires) {
        return Some(Point { fires: due, decided: due, dated: due, index, warning: Some(warned) });
    }
    let dated = if def.sweep.is_some() { fires } else { deadline };
    let decided = fires.plus_millis(def.grace.map_or(0, |grace| grace.millis()));
    Some(Point { fires, decided, dated, index, warning: None })
}

/// The first instant that is too late: the limit, the instant after it, or the grid's next look.
fn lapse_instant(def: &TimerDef, deadline: Timestamp) -> Timestamp {
    let limit = match def.fires {
        Fires::At => deadline,
        Fires::After => deadline.plus_millis(1),
    };
    on_grid(def, limit)
}

fn on_grid(def: &TimerDef, instant: Timestamp) -> Timestamp {
    let Some(sweep) = def.sweep else { return instant };
    let past = instant.millis().saturating_sub(sweep.offset).rem_euclid(sweep.every.millis());
    if past == 0 { instant } else { instant.plus_millis(sweep.every.millis() - past) }
}

/// When a warning is due; `None` when there is no such one.
fn warning_instant(rules: &Ruleset, def: &TimerDef, running: &Running, index: usize) -> Option<Timestamp> {
    let counted = running.after - def.warnings.get(index)?.before.millis();
    let due = super::timers::counted_from(rules, def, running.since, counted - running.spent)?;
    Some(on_grid(def, due))
}

/// How many warnings a timer of that length never sends, since their lead is as long as the timer itself.
pub(super) fn unseen_warnings(def: &TimerDef, after: i64) -> u16 {
    let unseen = def.warnings.partition_point(|warning| warning.before.millis() >= after);
    u16::try_from(unseen).unwrap_or(u16::MAX)
}

/// How many of the first `warned` warnings stay over when the deadline moved: those that are past by the new one too.
pub(super) fn past_warnings(rules: &Ruleset, def: &TimerDef, running: &Running, at: Timestamp) -> u16 {
    let past = |index: &u16| warning_instant(rules, def, running, usize::from(*index)).is_some_and(|due| due <= at);
    let unseen = unseen_warnings(def, running.after);
    let past = (unseen..running.warned).take_while(past).count();
    unseen.saturating_add(u16::try_from(past).unwrap_or(u16::MAX))
}

impl Work<'_> {
    /// Reaches every point that is due: those the clock decides until `now`, and those that `instant`, an event's, is too
    /// late for, decided or not.
    pub(super) fn clock(&mut self, now: Timestamp, instant: Option<Timestamp>) {
        while let Some(point) = earliest(&self.engine.rules, self.state) {
            let due = point.decided <= now || instant.is_some_and(|instant| point.fires <= instant);
            if !due {
                return;
            }
            match point.warning {
                Some(index) => self.warn(point, index, now),
                None => self.lapse(point),
            }
        }
    }

    fn lapse(&mut self, point: Point) {
        let Some(state) = self.state.timers.get_mut(point.index) else { return };
        let (Some(cause), Phase::Running(running)) = (cause_of(state), &state.phase) else { return };
        state.phase = Phase::Lapsed { at: cause.deadline, row: cause.row, after: running.after, anchor: cause.anchor };
        let timer = cause.timer;
        self.moment(point.dated, Cause::Lapse(cause));
        self.lapses.push(Lapse { at: self.at, session: self.state.sessions, cause });
        self.phase_changed(timer);
        let engine = self.engine;
        if let Some(def) = engine.rules.timer(timer) {
            self.act(&def.on_lapse);
        }
        self.settle();
    }

    fn warn(&mut self, point: Point, index: usize, now: Timestamp) {
        let engine = self.engine;
        let Some(state) = self.state.timers.get_mut(point.index) else { return };
        let Some(def) = engine.rules.timer(state.timer) else { return };
        let cause = cause_of(state);
        let Phase::Running(running) = &mut state.phase else { return };
        let overdue = overdue(&engine.rules, def, running, index, now);
        let (send, over) = match def.catch_up {
            _ if overdue < 2 => (true, index + 1),
            CatchUp::All => (true, index + 1),
            // The last of them comes in its own turn.
            CatchUp::Last => (false, index + overdue - 1),
            CatchUp::None => (false, index + overdue),
        };
        running.warned = u16::try_from(over).unwrap_or(u16::MAX);
        let sent = def.warnings.get(index).filter(|_| send);
        if let (Some(warning), Some(cause)) = (sent, cause) {
            self.moment(point.dated, Cause::Warning(cause));
            self.notify(&warning.notice);
            self.settle();
        }
    }

    /// The service took no messages between these instants.
    pub(super) fn outage(&mut self, from: Timestamp, to: Timestamp) {
        let engine = self.engine;
        for index in 0..self.state.timers.len() {
            let Some(state) = self.state.timers.get_mut(index) else { continue };
            let Some(def) = engine.rules.timer(state.timer) else { continue };
            let Phase::Running(running) = &mut state.phase else { continue };
            if running.deadline.is_none() {
                continue;
            }
            match def.outage {
                Outage::Extend => {
                    super::timers::pause(&engine.rules, def, running, from);
                    super::timers::resume(&engine.rules, def, running, to);
                }
                // A warning together with the end that it warns of helps nobody.
                Outage::Fire if running.deadline.is_some_and(|deadline| lapse_instant(def, deadline) <= to) => {
                    running.warned = u16::MAX;
                }
                Outage::Fire => {}
            }
        }
    }
}

/// How many warnings from `index` on are due in one look at the clock.
fn overdue(rules: &Ruleset, def: &TimerDef, running: &Running, index: usize, now: Timestamp) -> usize {
    let lapse = running.deadline.map(|deadline| lapse_instant(def, deadline));
    let due = |index: &usize| {
        warning_instant(rules, def, running, *index)
            .is_some_and(|due| due <= now && lapse.is_none_or(|lapse| due < lapse))
    };
    (index..def.warnings.len()).take_while(due).count()
}

fn cause_of(state: &TimerState) -> Option<TimerCause> {
    let Phase::Running(running) = &state.phase else { return None };
    Some(TimerCause {
        timer: state.timer,
        row: running.row,
        generation: state.generation,
        anchor: running.anchor,
        deadline: running.deadline?,
    })
}
