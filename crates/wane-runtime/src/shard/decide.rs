//! Deciding about one conversation: take it from its bytes, take it through what happened to all, ask the engine, put it
//! back, file it, write the record.

use std::sync::Arc;

use wane_core::bytes::Reader;
use wane_core::effect::{Moved, Outcome};
use wane_core::engine::Engine;
use wane_core::event::Event;
use wane_core::facts::Name;
use wane_core::packed;
use wane_core::session::Conversation;
use wane_core::time::Timestamp;
use wane_wire::record::{EventParts, ForgetParts, LapseParts, encode_event, encode_forget, encode_lapse};

use super::{Reply, Shard};
use crate::batch::{Batch, Link, Place};
use crate::epoch::Epoch;
use crate::epochs::is_empty;
use crate::name::{Hashed, Key};
use crate::slab::Head;

/// How long a conversation whose retention is over waits for a snapshot to be finished, in milliseconds.
const RETRY: i64 = 60_000;

/// A conversation out of its bytes.
pub(super) struct Loaded {
    pub(super) state: Conversation,
    /// The last happening that it has gone through.
    pub(super) epoch: u32,
}

impl Shard {
    /// `None` before there are rules, and for a conversation that can not be read.
    pub(super) fn decide_event(
        &mut self,
        now: Timestamp,
        (event, hashed): (&Event, &Hashed),
        batch: &mut Batch,
    ) -> Option<Reply> {
        let Hashed { name: key, id } = hashed;
        if let Some(seen) = id.and_then(|id| self.ids.find(id, now)) {
            return Some(Reply::Seen(seen));
        }
        let latest = self.epochs.latest()?;
        let (engine, ordinal, epoch) = (Arc::clone(&latest.engine), latest.ordinal, self.epochs.number());
        let slot = self.slab.find(key);
        if let Some(slot) = slot {
            self.decide_by_older(slot, batch);
        }
        let (mut state, mut moved) = match slot {
            Some(slot) => {
                let mut held = self.load(slot)?;
                let moved = self.epochs.pass(&mut held.state, held.epoch, epoch);
                (Some(held.state), moved)
            }
            None => (None, Moved::default()),
        };
        let decided = engine.decide(&mut state, now, event);
        let mut answer = decided.answer;
        let own = answer.effects.len() > decided.lapsed_effects;
        let lapsed = moved.effects.len() + decided.lapsed_effects;
        prepend(&mut moved.effects, &mut answer.effects);
        prepend(&mut moved.lapses, &mut answer.lapses);
        let applied = answer.outcome == Outcome::Applied;
        let told = applied || !answer.effects.is_empty() || !answer.lapses.is_empty();
        if !told && !self.silently_changed(slot, state.as_ref()) {
            let next = state.as_ref().filter(|_| slot.is_some()).and_then(|state| engine.next_wake(state));
            return Some(Reply::Answered { answer, next, record: None });
        }
        let state = state?;
        let (slot, next) = self.store((key, slot), &state, (&engine, epoch))?;
        self.decided.insert(ordinal);
        let start = place(batch);
        let parts = EventParts {
            now,
            rules: ordinal,
            partition: key.partition,
            event,
            channel: state.channel().0,
            applied,
            late_by: answer.late_by,
            lapsed_effects: u32::try_from(lapsed).unwrap_or(u32::MAX),
            lapses: &answer.lapses,
            effects: &answer.effects,
        };
        let previous = encode_event(&parts, &mut batch.bytes);
        let id = id.filter(|_| applied || own).and_then(|id| self.ids.remember(id, start, now));
        batch.links.push(Link { record: start.0, previous: offset(previous), slot, id, forgets: false });
        Some(Reply::Answered { answer, next, record: Some(start) })
    }

    /// A conversation came up in the calendar, or is held no longer.
    pub(super) fn came_up(&mut self, slot: u32, now: Timestamp, batch: &mut Batch) {
        let Some(head) = self.slab.get(slot).and_then(|entry| entry.head()) else { return };
        let point = self.calendar.deadline(slot).unwrap_or_default();
        if !head.idle && self.is_held(point) {
            self.held.insert((point, slot));
        } else if head.idle && self.snapshot {
            self.calendar.arm(slot, Some(now.millis().saturating_add(RETRY)));
        } else {
            self.decide_due(slot, now, batch);
        }
    }

    /// Lets the clock go on for one conversation.
    pub(super) fn decide_due(&mut self, slot: u32, now: Timestamp, batch: &mut Batch) {
        self.decide_by_older(slot, batch);
        let Some(latest) = self.epochs.latest() else { return };
        let (engine, ordinal, epoch) = (Arc::clone(&latest.engine), latest.ordinal, self.epochs.number());
        let Some(mut held) = self.load(slot) else { return };
        let mut moved = self.epochs.pass(&mut held.state, held.epoch, epoch);
        let Moved { lapses, effects } = engine.tick(&mut held.state, now);
        moved.lapses.extend(lapses);
        moved.effects.extend(effects);
        let told = !is_empty(&moved) || self.silently_changed(Some(slot), Some(&held.state));
        let (Some(name), Some(key)) = (self.name(slot), self.key(slot)) else { return };
        self.store((&key, Some(slot)), &held.state, (&engine, epoch));
        if told {
            self.decided.insert(ordinal);
            let start = place(batch);
            let parts = LapseParts {
                now,
                rules: ordinal,
                partition: key.partition,
                conversation: &name,
                channel: held.state.channel().0,
                lapses: &moved.lapses,
                effects: &moved.effects,
            };
            let previous = encode_lapse(&parts, &mut batch.bytes);
            batch.links.push(Link { record: start.0, previous: offset(previous), slot, id: None, forgets: false });
        } else if self.retention_is_over(&engine, &held.state, now) && !self.snapshot {
            self.forget(slot, now, batch);
        }
    }

    /// What an outage decided under rules that others have followed since gets a record of its own, under those rules: a
    /// record's timers and rows go by number, as its rules number them. It is dated at the end of the outage.
    fn decide_by_older(&mut self, slot: u32, batch: &mut Batch) {
        let Some(current) = self.epochs.latest().map(|latest| latest.ordinal) else { return };
        while self.slab.get(slot).is_some_and(|entry| entry.epoch < self.epochs.number()) {
            let Some(mut held) = self.load(slot) else { return };
            let quiet = self.epochs.pass_quietly(&mut held.state, held.epoch);
            let deciding = self.epochs.get(quiet + 1).filter(|passed| passed.ordinal < current);
            let Some((Epoch::Outage { now, .. }, engine, rules)) =
                deciding.map(|passed| (passed.epoch.clone(), Arc::clone(&passed.engine), passed.ordinal))
            else {
                return;
            };
            let moved = self.epochs.pass(&mut held.state, quiet, quiet + 1);
            let (Some(name), Some(key)) = (self.name(slot), self.key(slot)) else { return };
            self.store((&key, Some(slot)), &held.state, (&engine, quiet + 1));
            self.decided.insert(rules);
            let start = place(batch);
            let parts = LapseParts {
                now,
                rules,
                partition: key.partition,
                conversation: &name,
                channel: held.state.channel().0,
                lapses: &moved.lapses,
                effects: &moved.effects,
            };
            let previous = encode_lapse(&parts, &mut batch.bytes);
            batch.links.push(Link { record: start.0, previous: offset(previous), slot, id: None, forgets: false });
        }
    }

    /// Takes a conversation out of its bytes. Bytes that can not be read were never written by this process; what was
    /// restored was read once.
    pub(super) fn load(&self, slot: u32) -> Option<Loaded> {
        let entry = self.slab.get(slot)?;
        let (_, bytes) = entry.parts()?;
        let engine = &self.epochs.get(entry.epoch)?.engine;
        Some(Loaded { state: packed::unpack(bytes, engine).ok()?, epoch: entry.epoch })
    }

    /// Puts a conversation into its bytes and files it; gives its slot and its next point.
    pub(super) fn store(
        &mut self,
        (key, slot): (&Key, Option<u32>),
        state: &Conversation,
        (engine, epoch): (&Engine, u32),
    ) -> Option<(u32, Option<Timestamp>)> {
        let next = engine.next_wake(state);
        let retention = if next.is_none() { self.kept_until(state) } else { None };
        let head = Head { status: state.status() as u8, idle: retention.is_some(), channel: state.channel().0 };
        let mut bytes = std::mem::take(&mut self.scratch);
        bytes.clear();
        head.put(&mut bytes);
        bytes.extend_from_slice(&key.bytes);
        packed::pack(state, engine.rules(), &mut bytes);
        let slot = self.put(key, slot, &bytes, epoch);
        self.scratch = bytes;
        let slot = slot?;
        self.calendar.arm(slot, next.or(retention).map(Timestamp::millis));
        Some((slot, next))
    }

    /// Puts the bytes of a conversation into its slot, or a new one, and counts it.
    pub(super) fn put(&mut self, key: &Key, slot: Option<u32>, bytes: &[u8], epoch: u32) -> Option<u32> {
        let head = Head::read(bytes)?;
        let Some(slot) = slot else {
            self.epochs.count(epoch, head, true);
            return self.slab.insert(key, bytes, epoch);
        };
        self.unhold(slot);
        let entry = self.slab.get_mut(slot)?;
        let before = entry.head().map(|head| (entry.epoch, head));
        entry.set(bytes);
        entry.epoch = epoch;
        if before != Some((epoch, head)) {
            if let Some((epoch, head)) = before {
                self.epochs.count(epoch, head, false);
            }
            self.epochs.count(epoch, head, true);
        }
        Some(slot)
    }

    /// Its name.
    pub(super) fn name(&self, slot: u32) -> Option<Name> {
        let (name, _) = self.slab.get(slot)?.parts()?;
        Reader::new(name, 0).text().ok()
    }

    /// The same with its hash.
    pub(super) fn key(&self, slot: u32) -> Option<Key> {
        let (name, _) = self.slab.get(slot)?.parts()?;
        Some(Key::of_bytes(&self.settings.key, name.to_vec()))
    }

    /// Until when a conversation is kept in which nothing runs.
    fn kept_until(&self, state: &Conversation) -> Option<Timestamp> {
        if state.ended() {
            Some(state.latest().plus_millis(self.settings.ended_for))
        } else if state.session().is_none() {
            Some(state.latest().plus_millis(self.settings.idle_for))
        } else {
            None
        }
    }

    fn retention_is_over(&self, engine: &Engine, state: &Conversation, now: Timestamp) -> bool {
        engine.next_wake(state).is_none() && self.kept_until(state).is_some_and(|until| until <= now)
    }

    /// Forgets a conversation, with a record that says so.
    fn forget(&mut self, slot: u32, now: Timestamp, batch: &mut Batch) {
        let (Some(name), Some(key)) = (self.name(slot), self.key(slot)) else { return };
        let start = place(batch);
        let parts = ForgetParts { now, partition: key.partition, conversation: &name };
        let previous = encode_forget(&parts, &mut batch.bytes);
        batch.links.push(Link { record: start.0, previous: offset(previous), slot, id: None, forgets: true });
        self.drop_name(slot);
    }

    /// It is found no longer, counted no longer, due no longer; its slot is not free yet.
    pub(super) fn drop_name(&mut self, slot: u32) {
        self.unhold(slot);
        self.calendar.arm(slot, None);
        self.slab.unname(slot);
        if let Some((epoch, head)) = self.slab.get(slot).and_then(|entry| Some((entry.epoch, entry.head()?))) {
            self.epochs.count(epoch, head, false);
        }
    }

    fn unhold(&mut self, slot: u32) {
        if !self.held.is_empty()
            && let Some(point) = self.calendar.deadline(slot)
        {
            self.held.remove(&(point, slot));
        }
    }

    /// Whether an engine that tells nothing changed something all the same: overdue warnings that are not sent are over,
    /// and the log must know when. Rare enough to do the work again.
    fn silently_changed(&self, slot: Option<u32>, state: Option<&Conversation>) -> bool {
        let Some(mut held) = slot.and_then(|slot| self.load(slot)) else { return false };
        self.epochs.pass(&mut held.state, held.epoch, self.epochs.number());
        state.is_some_and(|state| *state != held.state)
    }
}

/// Where the next record of a batch starts.
pub(super) fn place(batch: &Batch) -> Place {
    Place(offset(batch.bytes.len()))
}

/// A batch is far smaller than what these numbers hold.
fn offset(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

/// Puts what came before in front.
fn prepend<T>(before: &mut Vec<T>, after: &mut Vec<T>) {
    if !before.is_empty() {
        before.append(after);
        std::mem::swap(before, after);
    }
}
