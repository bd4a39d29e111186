//! Looking at conversations without deciding anything.

use std::sync::Arc;

use wane_core::engine::Engine;
use wane_core::facts::Name;
use wane_core::session::Conversation;
use wane_core::time::Timestamp;
use wane_wire::record::Address;

use super::{Seen, Shard};
use crate::name::{Hashed, Key};

/// A conversation as it is now, unpacked to be looked at.
#[derive(Clone, Debug)]
pub struct View {
    /// Its name.
    pub conversation: Name,
    /// Its state.
    pub state: Conversation,
    /// The engine that decides about it.
    pub engine: Arc<Engine>,
    /// Its latest record.
    pub last: Address,
}

/// Figures of a shard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Conversations kept, ended ones included.
    pub conversations: u64,
    /// By channel number and status: how many conversations.
    pub by_channel: Vec<[u64; 4]>,
    /// Event ids remembered.
    pub ids: u64,
    /// Conversations that wait in the calendar.
    pub filed: u64,
    /// Entries of the calendar, stale ones included.
    pub entries: u64,
    /// Deadlines that are overdue and not yet decided.
    pub overdue: u64,
}

/// What a ruleset would do to the conversations that are kept now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// How many conversations were looked at.
    pub conversations: u64,
    /// For how many nothing would change.
    pub unchanged: u64,
    /// How many have a timer that would lapse at once.
    pub lapse_now: u64,
    /// How many would have their next point earlier.
    pub earlier: u64,
    /// How many would have it later, or not at all.
    pub later: u64,
    /// By timer, in the new ruleset's order: how many would lapse at once.
    pub lapse_by_timer: Vec<u64>,
    /// Some of those that would lapse at once.
    pub examples: Vec<Name>,
}

impl Figures {
    /// Adds another shard's.
    pub fn add(&mut self, other: &Self) {
        self.conversations += other.conversations;
        self.ids += other.ids;
        self.filed += other.filed;
        self.entries += other.entries;
        self.overdue += other.overdue;
        let channels = self.by_channel.len().max(other.by_channel.len());
        self.by_channel.resize(channels, [0; 4]);
        for (held, added) in self.by_channel.iter_mut().zip(&other.by_channel) {
            held.iter_mut().zip(added).for_each(|(held, added)| *held += added);
        }
    }
}

impl Preview {
    /// Adds another shard's.
    pub fn add(&mut self, other: Self) {
        self.conversations += other.conversations;
        self.unchanged += other.unchanged;
        self.lapse_now += other.lapse_now;
        self.earlier += other.earlier;
        self.later += other.later;
        let timers = self.lapse_by_timer.len().max(other.lapse_by_timer.len());
        self.lapse_by_timer.resize(timers, 0);
        self.lapse_by_timer.iter_mut().zip(&other.lapse_by_timer).for_each(|(held, added)| *held += added);
        self.examples.extend(other.examples);
    }
}

/// How many examples a preview gives at most.
const EXAMPLES: usize = 20;

/// The most conversations that are unpacked for one page of a list: a few milliseconds.
const LOOK: usize = 2_000;

impl Shard {
    /// One conversation.
    #[must_use]
    pub fn view(&self, conversation: &str) -> Option<View> {
        self.view_of(self.slab.find(&Key::new(&self.settings.key, conversation))?)
    }

    /// Conversations from a cursor on (`0` is the start), at most `limit` that `keep` keeps. The next cursor is `None` at the
    /// end. Only so many are looked at in one call, so that a shard is never kept from its work for long: there may be fewer
    /// than `limit`, or none, and still a next cursor. One that is moved between calls may be missed or told twice.
    #[must_use]
    pub fn list(&self, cursor: u64, limit: usize, keep: &dyn Fn(&View) -> bool) -> (Vec<View>, Option<u64>) {
        let mut views = Vec::new();
        for (looked, slot) in self.slots_from(cursor).enumerate() {
            if views.len() >= limit || looked >= LOOK {
                return (views, Some(u64::from(slot)));
            }
            views.extend(self.view_of(slot).filter(|view| keep(view)));
        }
        (views, None)
    }

    /// The record of an event that was remembered by its id, once its batch is sealed.
    #[must_use]
    pub fn seen(&mut self, conversation: &str, id: &str) -> Option<Address> {
        self.ids.index();
        let hash = Hashed::new(&self.settings.key, conversation, Some(id)).id?;
        match self.ids.find(hash, Timestamp::EPOCH.plus_millis(self.now))? {
            Seen::At(address) => Some(address),
            Seen::Here(_) => None,
        }
    }

    /// What new rules would do, for a slice of about `most` conversations from a cursor on; the next cursor. What is due
    /// by the rules in force counts as unchanged.
    pub fn preview(
        &self,
        engine: &Arc<Engine>,
        now: Timestamp,
        (cursor, most): (u64, usize),
        into: &mut Preview,
    ) -> Option<u64> {
        into.lapse_by_timer.resize(into.lapse_by_timer.len().max(engine.rules().timers.len()), 0);
        for (seen, slot) in self.slots_from(cursor).enumerate() {
            if seen >= most {
                return Some(u64::from(slot));
            }
            self.preview_of(slot, engine, now, into);
        }
        None
    }

    /// Its figures.
    #[must_use]
    pub fn figures(&self) -> Figures {
        Figures {
            conversations: self.slab.len() as u64,
            by_channel: self.epochs.by_channel(),
            ids: self.ids.len() as u64,
            filed: self.calendar.filed() as u64,
            entries: self.calendar.entries() as u64,
            overdue: (self.held.len() + self.calendar.until(self.now)) as u64,
        }
    }

    fn slots_from(&self, cursor: u64) -> std::ops::Range<u32> {
        let end = u32::try_from(self.slab.slots()).unwrap_or(u32::MAX);
        u32::try_from(cursor).unwrap_or(end).min(end)..end
    }

    fn view_of(&self, slot: u32) -> Option<View> {
        let last = self.slab.get(slot)?.last;
        let (state, engine) = self.as_of_now(slot)?;
        Some(View { conversation: self.name(slot)?, state, engine, last })
    }

    /// A conversation after all that happened to it, as far as that decides nothing.
    fn as_of_now(&self, slot: u32) -> Option<(Conversation, Arc<Engine>)> {
        let mut held = self.load(slot)?;
        let epoch = self.epochs.pass_quietly(&mut held.state, held.epoch);
        Some((held.state, Arc::clone(&self.epochs.get(epoch)?.engine)))
    }

    fn preview_of(&self, slot: u32, engine: &Engine, now: Timestamp, into: &mut Preview) {
        let Some((mut state, before)) = self.as_of_now(slot) else { return };
        into.conversations += 1;
        let was = before.next_wake(&state);
        if was.is_some_and(|was| was <= now) {
            into.unchanged += 1;
            return;
        }
        engine.adopt(&mut state, before.rules(), now);
        let next = engine.next_wake(&state);
        if next.is_some_and(|next| next <= now) && self.would_lapse(slot, (engine, state), now, into) {
            return;
        }
        match (was, next) {
            _ if was == next => into.unchanged += 1,
            (was, Some(next)) if was.is_none_or(|was| next < was) => into.earlier += 1,
            _ => into.later += 1,
        }
    }

    /// Counts what would lapse at once; whether something would.
    fn would_lapse(
        &self,
        slot: u32,
        (engine, mut state): (&Engine, Conversation),
        now: Timestamp,
        into: &mut Preview,
    ) -> bool {
        let mut timers: Vec<_> = engine.tick(&mut state, now).lapses.iter().map(|lapse| lapse.cause.timer).collect();
        timers.sort_unstable();
        timers.dedup();
        for timer in &timers {
            if let Some(count) = into.lapse_by_timer.get_mut(usize::from(timer.0)) {
                *count += 1;
            }
        }
        if timers.is_empty() {
            return false;
        }
        into.lapse_now += 1;
        if into.examples.len() < EXAMPLES {
            into.examples.extend(self.name(slot));
        }
        true
    }
}
