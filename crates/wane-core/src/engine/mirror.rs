//! What predicates see of the state that the engine keeps: the built-in facts, the phases of timers, the clock.
//!
//! Only facts that some predicate reads have a slot, so for most rulesets there is next to nothing to do here.

use chrono::{DateTime, Datelike, NaiveDate, Timelike};

use super::Engine;
use super::work::Work;
use crate::facts::{BuiltIn, ClockFact, FactId, FactSource, FactTable};
use crate::participant::Role;
use crate::ruleset::Ruleset;
use crate::session::{Conversation, Session};
use crate::timer::{Phase, TimerId};

/// Which facts of a ruleset have to be kept up to date.
#[derive(Clone, Debug, Default)]
pub(super) struct Mirror {
    kept: Vec<(FactId, BuiltIn)>,
    clock: Vec<(FactId, ClockFact)>,
    /// By timer: the fact of its phase, when some predicate reads it.
    phases: Vec<Option<FactId>>,
}

/// The built-in facts that follow from the state; the others come with events, or with the clock.
const KEPT: [BuiltIn; 10] = [
    BuiltIn::Channel,
    BuiltIn::Status,
    BuiltIn::Handler,
    BuiltIn::Messages,
    BuiltIn::CustomerMessages,
    BuiltIn::HasBot,
    BuiltIn::HasAgent,
    BuiltIn::HasRep,
    BuiltIn::LastMessageBy,
    BuiltIn::WaitingOn,
];

impl Mirror {
    pub(super) fn new(rules: &Ruleset) -> Self {
        let live = |fact: FactId| rules.facts.slot(fact).is_some();
        let clock = rules.facts.live().iter().filter_map(|fact| match &rules.facts.get(*fact)?.source {
            FactSource::Clock(clock) => Some((*fact, clock.clone())),
            FactSource::Stored | FactSource::Constant(_) => None,
        });
        let phase = |name: &str| rules.facts.find(&format!("timer(\"{name}\")")).filter(|fact| live(*fact));
        Self {
            kept: KEPT.into_iter().map(|kept| (kept.id(), kept)).filter(|(fact, _)| live(*fact)).collect(),
            clock: clock.collect(),
            phases: rules.timers.iter().map(|timer| phase(&timer.name)).collect(),
        }
    }
}

impl Engine {
    /// Works out everything that predicates see of the state, for one that was made anew, renamed or read. What depends
    /// on the instant is worked out when it is needed.
    pub(crate) fn mirror_all(&self, state: &mut Conversation) {
        let table = &self.rules.facts;
        for (fact, kept) in &self.mirror.kept {
            state.facts.set_number(table, *fact, kept_number(&self.rules, state, *kept));
        }
        for (fact, timer) in self.mirror.phases.iter().zip(0..) {
            if let Some(fact) = fact {
                state.facts.set_number(table, *fact, phase_number(table, state, TimerId(timer)));
            }
        }
    }
}

impl Work<'_> {
    /// Brings the built-in facts up to date with the state.
    pub(super) fn mirror(&mut self) {
        let engine = self.engine;
        let table = &engine.rules.facts;
        for (fact, kept) in &engine.mirror.kept {
            let number = kept_number(&engine.rules, self.state, *kept);
            if let Some(slot) = self.state.facts.set_number(table, *fact, number) {
                self.changed.insert(slot);
            }
        }
    }

    /// Brings the fact of a timer's phase up to date.
    pub(super) fn phase_changed(&mut self, timer: TimerId) {
        let engine = self.engine;
        let Some(fact) = engine.mirror.phases.get(usize::from(timer.0)).copied().flatten() else { return };
        let number = phase_number(&engine.rules.facts, self.state, timer);
        if let Some(slot) = self.state.facts.set_number(&engine.rules.facts, fact, number) {
            self.changed.insert(slot);
        }
    }

    /// Works out the facts that depend on the instant, once for each instant.
    pub(super) fn fill_clock_facts(&mut self) {
        if self.clock_facts == Some(self.at) {
            return;
        }
        let engine = self.engine;
        for (fact, clock) in &engine.mirror.clock {
            let number = self.clock_number(clock);
            self.state.facts.set_number(&engine.rules.facts, *fact, number);
        }
        self.clock_facts = Some(self.at);
    }

    /// What depends on an instant is not part of the state after it: the same state is equal, whenever it was looked at.
    pub(super) fn forget_clock_facts(&mut self) {
        if self.clock_facts.take().is_none() {
            return;
        }
        let engine = self.engine;
        for (fact, clock) in &engine.mirror.clock {
            let table = &engine.rules.facts;
            let unset = if *clock == ClockFact::Weekday { table.symbols().get("") } else { 0 };
            self.state.facts.set_number(table, *fact, unset);
        }
    }

    fn clock_number(&self, clock: &ClockFact) -> i64 {
        let rules = &self.engine.rules;
        let session = self.state.session.as_ref();
        let started = session.map_or(self.at, Session::started);
        let local = DateTime::from_timestamp_millis(self.at.millis()).map(|at| at.with_timezone(&rules.timezone));
        match clock {
            ClockFact::Hour => local.map_or(0, |local| i64::from(local.hour())),
            ClockFact::Weekday => local.map_or(0, |local| weekday_symbol(&rules.facts, local.weekday())),
            ClockFact::Date => local.map_or(0, |local| days(local.date_naive())),
            ClockFact::SessionAge => self.at.millis_since(started),
            ClockFact::SessionIdle => self.at.millis_since(session.and_then(Session::customer_was).unwrap_or(started)),
            ClockFact::InHours(calendar) => {
                let calendar = rules.calendars.get(usize::from(*calendar));
                i64::from(calendar.is_some_and(|(_, calendar)| calendar.is_open(self.at)))
            }
        }
    }
}

fn phase_number(table: &FactTable, state: &Conversation, timer: TimerId) -> i64 {
    let state = state.timers.iter().find(|state| state.timer == timer);
    table.symbols().get(match state.map(|state| &state.phase) {
        Some(Phase::Running(_)) => "running",
        Some(Phase::Lapsed { .. }) => "lapsed",
        Some(Phase::Unset { .. }) | None => "stopped",
    })
}

fn days(date: NaiveDate) -> i64 {
    i64::from(date.num_days_from_ce()) - i64::from(NaiveDate::default().num_days_from_ce())
}

fn weekday_symbol(table: &FactTable, day: chrono::Weekday) -> i64 {
    table.symbols().get(&day.to_string().to_ascii_lowercase())
}

fn kept_number(rules: &Ruleset, state: &Conversation, kept: BuiltIn) -> i64 {
    let session = state.session.as_ref();
    let symbol = |text: &str| rules.facts.symbols().get(text);
    let has = |role: Role| i64::from(session.is_some_and(|session| session.has(role)));
    match kept {
        BuiltIn::Channel => rules.channel(state.channel).map_or(0, |channel| symbol(&channel.name)),
        BuiltIn::Status => symbol(state.status().name()),
        BuiltIn::Handler => symbol(state.handler().name()),
        BuiltIn::Messages => session.map_or(0, |session| i64::from(session.messages)),
        BuiltIn::CustomerMessages => session.map_or(0, |session| i64::from(session.customer_messages)),
        BuiltIn::HasBot => has(Role::Bot),
        BuiltIn::HasAgent => has(Role::Agent),
        BuiltIn::HasRep => has(Role::Rep),
        BuiltIn::LastMessageBy => {
            symbol(session.and_then(|session| session.last_message_by).map_or("nobody", Role::name))
        }
        BuiltIn::WaitingOn => symbol(session.map_or("nobody", |session| session.waiting_on.name())),
        BuiltIn::Authenticated
        | BuiltIn::SessionAge
        | BuiltIn::SessionIdle
        | BuiltIn::Queue
        | BuiltIn::Language
        | BuiltIn::Hour
        | BuiltIn::Weekday
        | BuiltIn::Date
        | BuiltIn::Permissions
        | BuiltIn::StatusBasedCapacity => 0,
    }
}
