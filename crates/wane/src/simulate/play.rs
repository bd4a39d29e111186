//! Events and the clock, played to an engine.
//!
//! While the log is in the order of time, one clock holds for all: lapses of all conversations come in the order of time.
//! Once a line is older than one before it (a log may be sorted by conversation), each conversation goes by its own
//! events' instants, and what is due after its last event lapses at the end. Either way a conversation gets the same
//! effects at the same instants.
//!
//! A conversation's next point of time waits in a heap. An entry is never taken back: when its instant comes and the
//! conversation has moved on, it is put back at the right place. So each conversation is in the heap about once.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

use wane_core::effect::{Answer, Effect, Outcome};
use wane_core::engine::Engine;
use wane_core::event::{Event, EventKind};
use wane_core::facts::Name;
use wane_core::ruleset::Ruleset;
use wane_core::session::Conversation;
use wane_core::signal::{Signal, SignalKind};
use wane_core::time::Timestamp;
use wane_core::timer::Phase;

/// Ids of events are remembered for eight days (C5); then a quiet conversation needs them no more.
const FORGET_AFTER: i64 = 8 * 24 * 60 * 60 * 1_000;

/// A conversation of the log.
#[derive(Debug)]
pub(super) struct Talk {
    pub(super) name: Name,
    pub(super) channel: Name,
    pub(super) state: Option<Conversation>,
    scheduled: Option<Timestamp>,
    starts: Vec<(u32, Signal)>,
}

/// Something that happened, for whoever shows it.
#[derive(Clone, Copy)]
pub(super) struct Moment<'a> {
    pub(super) rules: &'a Ruleset,
    pub(super) talk: &'a Talk,
    /// Which conversation, counted from 0 in the order of their first events.
    pub(super) index: usize,
    pub(super) at: Timestamp,
    /// What came, if it was not the clock alone.
    pub(super) event: Option<&'a Event>,
    pub(super) effects: &'a [Effect],
}

impl Talk {
    /// What made a timer start, by the number of the start.
    pub(super) fn start_of(&self, generation: u32) -> Option<Signal> {
        self.starts.iter().find(|(known, _)| *known == generation).map(|(_, signal)| *signal)
    }

    /// Notes what made the timers start that were not there before.
    fn note_starts(&mut self, signal: Signal) {
        let Some(state) = &self.state else { return };
        let timers = state.timers();
        let live = |generation: u32| timers.iter().any(|timer| timer.generation == generation);
        self.starts.retain(|(generation, _)| live(*generation));
        for timer in timers {
            let known = self.starts.iter().any(|(generation, _)| *generation == timer.generation);
            if !known && !matches!(timer.phase, Phase::Lapsed { .. }) {
                self.starts.push((timer.generation, signal));
            }
        }
    }
}

/// A log being played to one ruleset.
pub(super) struct Play {
    engine: Engine,
    names: BTreeMap<Name, usize>,
    pub(super) talks: Vec<Talk>,
    heap: BinaryHeap<Reverse<(Timestamp, usize)>>,
    /// The latest instant of all.
    pub(super) now: Timestamp,
    /// Whether no line was older than one before it yet.
    in_order: bool,
}

impl Play {
    pub(super) fn new(rules: Arc<Ruleset>) -> Self {
        Self {
            engine: Engine::new(rules),
            names: BTreeMap::new(),
            talks: Vec::new(),
            heap: BinaryHeap::new(),
            now: Timestamp::EPOCH,
            in_order: true,
        }
    }

    pub(super) fn rules(&self) -> &Arc<Ruleset> {
        self.engine.rules()
    }

    /// Moves the clock; everything that is due on the way happens first.
    pub(super) fn advance<E>(
        &mut self,
        to: Timestamp,
        watch: &mut impl FnMut(Moment<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        while let Some(Reverse((at, index))) = self.heap.peek().copied().filter(|entry| entry.0.0 <= to) {
            self.heap.pop();
            self.wake(at, index, watch)?;
        }
        self.now = self.now.max(to);
        Ok(())
    }

    fn wake<E>(
        &mut self,
        at: Timestamp,
        index: usize,
        watch: &mut impl FnMut(Moment<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(talk) = self.talks.get_mut(index) else { return Ok(()) };
        if talk.scheduled != Some(at) {
            return Ok(());
        }
        talk.scheduled = None;
        let Some(state) = &mut talk.state else { return Ok(()) };
        let effects = self.engine.advance(state, at);
        match self.engine.next_wake(state) {
            Some(next) => schedule(&mut self.heap, talk, (next, index)),
            None => {
                state.forget_ids(at);
                let forgotten = state.latest().plus_millis(FORGET_AFTER + 1);
                if forgotten > at {
                    schedule(&mut self.heap, talk, (forgotten, index));
                }
            }
        }
        let (rules, talk) = (self.engine.rules(), &*talk);
        watch(Moment { rules, talk, index, at, event: None, effects: &effects })?;
        if let (Some(effect), Some(talk)) = (effects.first(), self.talks.get_mut(index)) {
            talk.note_starts(effect.body.signal());
        }
        Ok(())
    }

    /// What is due in one conversation, each at its own instant: warnings that one look would find overdue together are
    /// sent one by one, as they are while one clock holds for all.
    fn catch_up<E>(
        &mut self,
        to: Timestamp,
        index: usize,
        watch: &mut impl FnMut(Moment<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        while let Some(talk) = self.talks.get_mut(index) {
            let Some(state) = &mut talk.state else { break };
            let Some(at) = self.engine.next_wake(state).filter(|next| *next <= to) else { break };
            let effects = self.engine.advance(state, at);
            let (rules, seen) = (self.engine.rules(), &*talk);
            watch(Moment { rules, talk: seen, index, at, event: None, effects: &effects })?;
            if let Some(effect) = effects.first() {
                talk.note_starts(effect.body.signal());
            }
        }
        Ok(())
    }

    /// Applies one event that happened at that instant; in a log that is in order, what is due until then comes first.
    pub(super) fn event<E>(
        &mut self,
        at: Timestamp,
        event: &Event,
        watch: &mut impl FnMut(Moment<'_>) -> Result<(), E>,
    ) -> Result<Answer, E> {
        self.in_order &= at >= self.now;
        if self.in_order {
            self.advance(at, watch)?;
        }
        self.now = self.now.max(at);
        let index = self.index(event);
        if !self.in_order {
            self.catch_up(at, index, watch)?;
        }
        let Some(talk) = self.talks.get_mut(index) else { return Ok(self.engine.step(&mut None, at, event)) };
        let event = &*with_channel(self.engine.rules(), event, talk);
        let answer = self.engine.step(&mut talk.state, at, event);
        let effects = if answer.outcome == Outcome::Duplicate { &[] } else { answer.effects.as_slice() };
        let (rules, seen) = (self.engine.rules(), &*talk);
        watch(Moment { rules, talk: seen, index, at, event: Some(event), effects })?;
        talk.note_starts(signal(rules, event));
        if let Some(state) = &talk.state {
            let quiet = || at.plus_millis(FORGET_AFTER + 1);
            let next = self.engine.next_wake(state).unwrap_or_else(quiet);
            schedule(&mut self.heap, talk, (next, index));
        }
        Ok(answer)
    }

    fn index(&mut self, event: &Event) -> usize {
        if let Some(index) = self.names.get(&event.conversation) {
            return *index;
        }
        let index = self.talks.len();
        self.names.insert(event.conversation.clone(), index);
        let channel = event.channel.clone().unwrap_or_else(|| "?".into());
        let name = event.conversation.clone();
        self.talks.push(Talk { name, channel, state: None, scheduled: None, starts: Vec::new() });
        index
    }
}

/// A log need not repeat the channel of a conversation, not even where its first events were refused.
fn with_channel<'e>(rules: &Ruleset, event: &'e Event, talk: &Talk) -> Cow<'e, Event> {
    if talk.state.is_some() || event.channel.is_some() || rules.find_channel(&talk.channel).is_none() {
        return Cow::Borrowed(event);
    }
    let mut event = event.clone();
    event.channel = Some(talk.channel.clone());
    Cow::Owned(event)
}

/// Puts a conversation into the heap, unless it is there for an earlier instant: then it looks again.
fn schedule(heap: &mut BinaryHeap<Reverse<(Timestamp, usize)>>, talk: &mut Talk, (next, index): (Timestamp, usize)) {
    if talk.scheduled.is_none_or(|scheduled| next < scheduled) {
        talk.scheduled = Some(next);
        heap.push(Reverse((next, index)));
    }
}

fn signal(rules: &Ruleset, event: &Event) -> Signal {
    let kind = match &event.kind {
        EventKind::BuiltIn(kind) => SignalKind::event(*kind),
        EventKind::Custom(name) => rules.find_custom(name).unwrap_or(SignalKind::HANDLER_CHANGED),
    };
    Signal { kind, role: event.role }
}
