//! Timers listen: they stop, start and restart by their selectors and by whether they still belong; their duration is
//! chosen at the start, and again when a fact changed that their rows read (R2, R3).

use super::clock;
use super::work::Work;
use crate::facts::{SlotMask, Value};
use crate::ruleset::{Row, Ruleset};
use crate::session::{Conversation, Status};
use crate::signal::Signal;
use crate::time::Timestamp;
use crate::timer::{After, Belongs, Phase, RowId, Running, Scope, TimerDef, TimerId, TimerState};

/// A duration that was chosen.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Length {
    row: RowId,
    after: i64,
}

impl Work<'_> {
    /// Lets the timers catch up with everything that happened: stop where they no longer belong, hear every signal once,
    /// choose again where facts changed.
    pub(super) fn settle(&mut self) {
        self.mirror();
        self.stop_strays();
        let mut heard = 0;
        while let Some(signal) = self.signals.get(heard).copied() {
            self.hear(signal);
            heard += 1;
        }
        self.signals.clear();
        self.choose_again();
    }

    fn stop_strays(&mut self) {
        let rules = &self.engine.rules;
        let mut index = 0;
        while let Some(state) = self.state.timers.get(index) {
            let lapsed = matches!(state.phase, Phase::Lapsed { .. });
            let stays = lapsed || rules.timer(state.timer).is_some_and(|def| timer_belongs(self.state, def));
            if stays {
                index += 1;
            } else {
                let timer = state.timer;
                self.stop(timer);
            }
        }
    }

    fn hear(&mut self, signal: Signal) {
        let engine = self.engine;
        for reaction in engine.rules.reactions.get(signal.kind.index()).into_iter().flatten() {
            let fits = |roles: Option<crate::signal::RoleMask>| roles.is_some_and(|roles| roles.fits(signal.role));
            let timer = TimerId(reaction.timer);
            if fits(reaction.stop) && !self.has_more_to_say(timer) {
                self.stop(timer);
            }
            if fits(reaction.restart) || (fits(reaction.start) && !self.is_running(timer)) {
                self.start_by(timer, fits(reaction.choose));
            }
        }
    }

    fn is_running(&self, timer: TimerId) -> bool {
        self.find(timer).is_ok_and(|index| {
            self.state.timers.get(index).is_some_and(|state| matches!(state.phase, Phase::Running(_)))
        })
    }

    /// Whether the timer lapsed and the next event is still to hear of it: no event undoes that but a new start (T14).
    fn has_more_to_say(&self, timer: TimerId) -> bool {
        let lapsed = |state: &TimerState| matches!(state.phase, Phase::Lapsed { .. });
        let rows = |def: &TimerDef| !def.afterwards.is_empty();
        self.find(timer).is_ok_and(|index| self.state.timers.get(index).is_some_and(lapsed))
            && self.engine.rules.timer(timer).is_some_and(rows)
    }

    fn find(&self, timer: TimerId) -> Result<usize, usize> {
        self.state.timers.binary_search_by_key(&timer, |state| state.timer)
    }

    /// Stops a timer, whatever it does.
    pub(super) fn stop(&mut self, timer: TimerId) {
        if let Ok(index) = self.find(timer) {
            self.state.timers.remove(index);
            self.phase_changed(timer);
        }
    }

    /// Starts a timer anew at this instant, if it belongs here.
    pub(super) fn start(&mut self, timer: TimerId) {
        self.start_by(timer, false);
    }

    fn start_by(&mut self, timer: TimerId, chooses: bool) {
        let engine = self.engine;
        let Some(def) = engine.rules.timer(timer) else { return };
        if !timer_belongs(self.state, def) {
            return;
        }
        let keeps = def.choose_on.is_some() && !chooses && self.find(timer).is_ok();
        let length = if keeps { self.last_length(timer) } else { self.choose(timer) };
        let phase = match length.filter(|_| self.gate_is_open(timer)) {
            Some(length) => Phase::Running(self.run(def, length)),
            None => {
                let kept = length.map(|length| (length.row, length.after));
                Phase::Unset { anchor: self.at, since: self.at, spent: 0, kept }
            }
        };
        self.state.generations += 1;
        let state = TimerState { timer, generation: self.state.generations, phase };
        match self.find(timer) {
            Ok(index) => {
                if let Some(slot) = self.state.timers.get_mut(index) {
                    *slot = state;
                }
            }
            Err(index) => self.state.timers.insert(index, state),
        }
        self.phase_changed(timer);
    }

    fn run(&self, def: &TimerDef, length: Length) -> Running {
        let mut running = Running {
            anchor: self.at,
            row: length.row,
            after: length.after,
            since: self.at,
            spent: 0,
            deadline: None,
            warned: clock::unseen_warnings(def, length.after),
        };
        if !(def.pauses_on_hold && self.state.session.as_ref().is_some_and(|session| session.held)) {
            running.deadline = counted_from(&self.engine.rules, def, running.since, running.after);
        }
        running
    }

    /// The length that was last chosen; `None` when no row gave one. A stopped timer remembers nothing.
    fn last_length(&self, timer: TimerId) -> Option<Length> {
        let state = self.state.timers.get(self.find(timer).ok()?)?;
        match &state.phase {
            Phase::Running(running) => Some(Length { row: running.row, after: running.after }),
            Phase::Lapsed { row, after, .. } => Some(Length { row: *row, after: *after }),
            Phase::Unset { kept, .. } => kept.map(|(row, after)| Length { row, after }),
        }
    }

    /// Whether the timer's own `when` holds, where it is not part of the choice of a row.
    fn gate_is_open(&mut self, timer: TimerId) -> bool {
        let engine = self.engine;
        let Some(gated) = engine.rules.gated.get(usize::from(timer.0)).and_then(Option::as_ref) else { return true };
        self.fill_clock_facts();
        let choice = gated.gate.choose(&engine.rules.facts, &self.state.facts);
        self.state.failures = self.state.failures.saturating_add(choice.failures);
        choice.row.is_some()
    }

    /// The duration of the first row that matches now.
    fn choose(&mut self, timer: TimerId) -> Option<Length> {
        let engine = self.engine;
        self.fill_clock_facts();
        let gated = engine.rules.gated.get(usize::from(timer.0)).and_then(Option::as_ref);
        let chooser = gated.map(|gated| &gated.rows).or_else(|| engine.rules.choosers.get(usize::from(timer.0)))?;
        let choice = chooser.choose(&engine.rules.facts, &self.state.facts);
        self.state.failures = self.state.failures.saturating_add(choice.failures);
        let row = choice.row?;
        let after = self.length_of(engine.rules.row(row)?)?;
        Some(Length { row, after })
    }

    fn length_of(&self, row: &Row) -> Option<i64> {
        match &row.after {
            After::Never => None,
            After::For(period) => Some(period.millis()),
            After::Fact { fact, .. } => match self.state.facts.value(*fact) {
                Some(Value::Int(millis)) => Some(*millis),
                _ => None,
            },
        }
    }

    fn choose_again(&mut self) {
        let engine = self.engine;
        let channel = usize::from(self.state.channel.0);
        let mut index = 0;
        while let Some(state) = self.state.timers.get(index) {
            let (timer, lapsed) = (state.timer, matches!(state.phase, Phase::Lapsed { .. }));
            let read = |def: &TimerDef| def.reads.get(channel).is_some_and(|mask| mask.meets(self.changed));
            let reads = |def: &&TimerDef| def.choose_on.is_none() && read(def);
            if let Some(def) = engine.rules.timer(timer).filter(reads).filter(|_| !lapsed) {
                self.choose_anew(index, def);
            }
            index += 1;
        }
        self.changed = SlotMask::EMPTY;
    }

    /// Chooses the duration of a timer again, its anchor kept. A deadline that is past by it lapses now.
    pub(super) fn choose_anew(&mut self, index: usize, def: &TimerDef) {
        let Some(timer) = self.state.timers.get(index).map(|state| state.timer) else { return };
        let chosen = self.choose(timer);
        let length = chosen.filter(|_| self.gate_is_open(timer));
        let fresh = length.map(|length| self.run(def, length));
        let (rules, at) = (&self.engine.rules, self.at);
        let Some(state) = self.state.timers.get_mut(index) else { return };
        let phase = match (&state.phase, length, fresh) {
            (Phase::Running(old), Some(new), _) if (old.row, old.after) == (new.row, new.after) => return,
            (Phase::Running(old), Some(new), _) => Phase::Running(relength(rules, def, old, new, at)),
            (Phase::Unset { anchor, since, spent, .. }, Some(_), Some(fresh)) => {
                let old = Running { anchor: *anchor, since: *since, spent: *spent, ..fresh };
                let new = Length { row: old.row, after: old.after };
                Phase::Running(relength(rules, def, &old, new, at))
            }
            (Phase::Running(Running { anchor, since, spent, .. }), None, _) => {
                let kept = chosen.map(|length| (length.row, length.after));
                Phase::Unset { anchor: *anchor, since: *since, spent: *spent, kept }
            }
            _ => return,
        };
        state.phase = phase;
        self.phase_changed(timer);
    }
}

/// The same run with another length.
fn relength(rules: &Ruleset, def: &TimerDef, old: &Running, new: Length, at: Timestamp) -> Running {
    let mut running = Running { row: new.row, after: new.after, ..old.clone() };
    if old.deadline.is_some() {
        let deadline = counted_from(rules, def, running.since, running.after - running.spent);
        running.deadline = deadline.map(|deadline| deadline.max(at));
    }
    running.warned = clock::past_warnings(rules, def, &running, at);
    running
}

/// The instant at which so much more has been counted since `since`, in the timer's calendar if it has one.
pub(super) fn counted_from(rules: &Ruleset, def: &TimerDef, since: Timestamp, millis: i64) -> Option<Timestamp> {
    let millis = millis.max(0);
    match def.calendar.and_then(|calendar| rules.calendars.get(usize::from(calendar))) {
        Some((_, calendar)) => calendar.add(since, millis),
        None => Some(since.plus_millis(millis)),
    }
}

/// How much was counted between two instants, in the timer's calendar if it has one.
fn counted(rules: &Ruleset, def: &TimerDef, from: Timestamp, to: Timestamp) -> i64 {
    match def.calendar.and_then(|calendar| rules.calendars.get(usize::from(calendar))) {
        Some((_, calendar)) => calendar.between(from, to),
        None => to.millis_since(from).max(0),
    }
}

/// Stops counting, or goes on, with the hold of the session. A timer without a length counts too: it may get one yet.
pub(super) fn hold(rules: &Ruleset, def: &TimerDef, phase: &mut Phase, (held, at): (bool, Timestamp)) {
    match phase {
        Phase::Running(running) if held => pause(rules, def, running, at),
        Phase::Running(running) => resume(rules, def, running, at),
        Phase::Unset { since, spent, .. } => {
            if held {
                *spent = spent.saturating_add(counted(rules, def, *since, at));
            }
            *since = at;
        }
        Phase::Lapsed { .. } => {}
    }
}

/// Stops counting.
pub(super) fn pause(rules: &Ruleset, def: &TimerDef, running: &mut Running, at: Timestamp) {
    running.spent = running.spent.saturating_add(counted(rules, def, running.since, at));
    running.since = at;
    running.deadline = None;
}

/// Goes on counting.
pub(super) fn resume(rules: &Ruleset, def: &TimerDef, running: &mut Running, at: Timestamp) {
    running.since = at;
    running.deadline = counted_from(rules, def, at, running.after - running.spent);
}

fn timer_belongs(state: &Conversation, def: &TimerDef) -> bool {
    let placed = match def.scope {
        Scope::Session => state.session.is_some(),
        Scope::Conversation => !state.ended,
    };
    placed && belongs(state, &def.belongs)
}

/// Whether the conversation is where and in what state it says.
pub(super) fn belongs(state: &Conversation, belongs: &Belongs) -> bool {
    let status = || state.session.as_ref().map_or(Status::Ended, |session| session.status);
    belongs.channels.as_ref().is_none_or(|channels| channels.contains(&state.channel))
        && belongs.handlers.as_ref().is_none_or(|handlers| handlers.contains(&state.handler()))
        && belongs.statuses.as_ref().is_none_or(|statuses| statuses.contains(&status()))
}
