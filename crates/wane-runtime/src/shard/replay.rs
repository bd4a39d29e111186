//! Applying the log again, and checking that it leads where it says.

use std::sync::Arc;

use wane_core::effect::{Effect, Lapse, Moved, Outcome};
use wane_core::engine::Engine;
use wane_core::facts::Name;
use wane_core::session::Conversation;
use wane_core::time::Timestamp;
use wane_wire::record::{Address, EventRecord, LapseRecord, Ordinal, Record};

use super::Shard;
use crate::name::Hashed;

/// A replayed record does not lead to what the log says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the record at {at} of conversation `{conversation}` says {said}, but the rules give {found}")]
pub struct Disagreement {
    /// Where.
    pub at: Address,
    /// Whose.
    pub conversation: Name,
    /// What is in the log.
    pub said: String,
    /// What replaying gives.
    pub found: String,
}

/// Where a record is, and whose.
struct Case<'a> {
    at: Address,
    conversation: &'a Name,
    hashed: &'a Hashed,
    slot: Option<u32>,
}

impl Case<'_> {
    fn disagree(&self, said: String, found: String) -> Disagreement {
        Disagreement { at: self.at, conversation: self.conversation.clone(), said, found }
    }

    fn unreadable(&self) -> Disagreement {
        self.disagree("what became of it".to_owned(), "no such conversation, or one that can not be read".to_owned())
    }

    fn same<T: PartialEq + std::fmt::Debug>(&self, what: &str, said: &T, found: &T) -> Result<(), Disagreement> {
        if said == found {
            return Ok(());
        }
        Err(self.disagree(format!("{what} {said:?}"), format!("{what} {found:?}")))
    }

    fn follows(&self, said: Address, found: Address) -> Result<(), Disagreement> {
        if said == found {
            return Ok(());
        }
        Err(self.disagree(format!("the record before it {said}"), format!("the record before it {found}")))
    }

    fn same_effects(&self, said: (&[Lapse], &[Effect]), found: (&[Lapse], &[Effect])) -> Result<(), Disagreement> {
        self.same("lapses", &said.0.len(), &found.0.len())?;
        for (said, found) in said.0.iter().zip(found.0) {
            self.same("the lapse", said, found)?;
        }
        self.same("effects", &said.1.len(), &found.1.len())?;
        for (said, found) in said.1.iter().zip(found.1) {
            self.same("the effect", said, found)?;
        }
        Ok(())
    }
}

impl Shard {
    /// Applies a record of the log again: skips it when it is not of this shard, or when the conversation's state is newer.
    /// Rules and outages come by [`Shard::epoch`], in their places among the records.
    ///
    /// # Errors
    /// [`Disagreement`] when the state was led elsewhere than the log says. The log's word holds for nothing then: stop.
    pub fn replay(&mut self, at: Address, record: &Record) -> Result<(), Disagreement> {
        let Some(hashed) = self.hashed_record(record) else { return Ok(()) };
        self.replay_hashed(at, record, &hashed)
    }

    /// The same with many records, in their order, which is cheaper.
    ///
    /// # Errors
    /// The first [`Disagreement`].
    pub fn replay_run(&mut self, records: &[(Address, Record)]) -> Result<(), Disagreement> {
        let hashed = |(at, record)| Some(((at, record), self.hashed_record(record)?));
        let (records, hashed): (Vec<_>, Vec<_>) =
            records.iter().map(|(at, record)| (*at, record)).filter_map(hashed).unzip();
        for (records, hashed) in records.chunks(Self::AHEAD).zip(hashed.chunks(Self::AHEAD)) {
            self.look_ahead(hashed);
            for ((at, record), hashed) in records.iter().zip(hashed) {
                self.replay_hashed(*at, record, hashed)?;
            }
        }
        Ok(())
    }

    fn replay_hashed(&mut self, at: Address, record: &Record, hashed: &Hashed) -> Result<(), Disagreement> {
        self.ids.index();
        match record {
            Record::Event(event) => {
                let Some(case) = self.case(at, &event.event.conversation, hashed) else { return Ok(()) };
                self.replay_event(&case, event)
            }
            Record::Lapse(lapse) => {
                let Some(case) = self.case(at, &lapse.conversation, hashed) else { return Ok(()) };
                self.replay_lapse(&case, lapse)
            }
            Record::Forget { conversation, previous, .. } => {
                let Some(case) = self.case(at, conversation, hashed) else { return Ok(()) };
                if let Some(slot) = case.slot.filter(|_| self.is_next(&case, *previous).is_ok_and(|is| is)) {
                    self.drop_name(slot);
                    self.slab.release(slot);
                }
                Ok(())
            }
            Record::Tick { .. }
            | Record::Outage { .. }
            | Record::Activation { .. }
            | Record::Delivery(_)
            | Record::Admin { .. } => Ok(()),
        }
    }

    fn replay_event(&mut self, case: &Case<'_>, record: &EventRecord) -> Result<(), Disagreement> {
        self.decided.insert(record.rules);
        self.recall(case, record);
        self.ids.expire(record.now, super::EXPIRED_AT_ONCE);
        self.now = self.now.max(record.now.millis());
        if !self.is_next(case, record.previous)? {
            return Ok(());
        }
        let epoch = self.behind(case, record.rules, record.now)?;
        let Some(passed) = self.epochs.get(epoch) else { return Ok(()) };
        let engine = Arc::clone(&passed.engine);
        let (mut state, moved) = match case.slot {
            Some(slot) => {
                let mut held = self.load(slot).ok_or_else(|| case.unreadable())?;
                let moved = self.epochs.pass(&mut held.state, held.epoch, epoch);
                (Some(held.state), moved)
            }
            None => (None, Moved::default()),
        };
        let decided = engine.decide(&mut state, record.now, &record.event);
        let lapsed = moved.effects.len() + decided.lapsed_effects;
        let answer = decided.answer;
        case.same("applied", &record.applied, &(answer.outcome == Outcome::Applied))?;
        case.same("milliseconds late", &record.late_by, &answer.late_by)?;
        case.same("effects on the way", &record.lapsed_effects, &u32::try_from(lapsed).unwrap_or(u32::MAX))?;
        let lapses = [moved.lapses, answer.lapses].concat();
        let effects = [moved.effects, answer.effects].concat();
        case.same_effects((&record.lapses, &record.effects), (&lapses, &effects))?;
        if let Some(state) = state {
            case.same("the channel", &record.channel, &state.channel().0)?;
            self.keep(case, &state, (&engine, epoch));
        }
        Ok(())
    }

    fn replay_lapse(&mut self, case: &Case<'_>, record: &LapseRecord) -> Result<(), Disagreement> {
        self.decided.insert(record.rules);
        if !self.is_next(case, record.previous)? {
            return Ok(());
        }
        let epoch = self.behind(case, record.rules, record.now)?;
        let Some(passed) = self.epochs.get(epoch) else { return Ok(()) };
        let engine = Arc::clone(&passed.engine);
        let Some(mut held) = case.slot.and_then(|slot| self.load(slot)) else {
            return Err(case.unreadable());
        };
        let moved = self.epochs.pass(&mut held.state, held.epoch, epoch);
        let then = engine.tick(&mut held.state, record.now);
        let lapses = [moved.lapses, then.lapses].concat();
        let effects = [moved.effects, then.effects].concat();
        case.same_effects((&record.lapses, &record.effects), (&lapses, &effects))?;
        case.same("the channel", &record.channel, &held.state.channel().0)?;
        self.keep(case, &held.state, (&engine, epoch));
        Ok(())
    }

    /// `None` when it is another shard's.
    fn case<'a>(&self, at: Address, conversation: &'a Name, hashed: &'a Hashed) -> Option<Case<'a>> {
        if !self.has(hashed.name.partition) {
            return None;
        }
        let slot = self.slab.find(&hashed.name);
        Some(Case { at, conversation, hashed, slot })
    }

    /// Whether a record is news, and follows what is known.
    fn is_next(&self, case: &Case<'_>, previous: Address) -> Result<bool, Disagreement> {
        let Some(entry) = case.slot.and_then(|slot| self.slab.get(slot)) else {
            if previous == Address::NONE || !self.restored {
                case.follows(previous, Address::NONE)?;
                return Ok(true);
            }
            // Forgotten just before the snapshot was begun, while this record was still on its way into the log.
            return Ok(false);
        };
        if entry.last >= case.at {
            return Ok(false);
        }
        case.follows(previous, entry.last)?;
        Ok(true)
    }

    /// Remembers the id of an event that counted, or that had effects of its own.
    fn recall(&mut self, case: &Case<'_>, record: &EventRecord) {
        let own = record.effects.len() > record.lapsed_effects as usize;
        if let Some(id) = case.hashed.id.filter(|_| record.applied || own) {
            self.ids.restore(id, case.at, record.now);
        }
    }

    /// How far the conversation had come when it was decided: not further than those rules, not back.
    fn behind(&self, case: &Case<'_>, rules: Ordinal, now: Timestamp) -> Result<u32, Disagreement> {
        let held = case.slot.and_then(|slot| self.slab.get(slot)).map_or(0, |entry| entry.epoch);
        let epoch = self.epochs.behind(rules, now).max(held);
        let found = self.epochs.get(epoch).map(|passed| passed.ordinal);
        if found == Some(rules) {
            return Ok(epoch);
        }
        let found = found.map_or_else(|| "none are known".to_owned(), |found| format!("{} are in force", found.0));
        Err(case.disagree(format!("that rules {} decided", rules.0), found))
    }

    fn keep(&mut self, case: &Case<'_>, state: &Conversation, (engine, epoch): (&Engine, u32)) {
        let stored = self.store((&case.hashed.name, case.slot), state, (engine, epoch));
        if let Some(entry) = stored.and_then(|(slot, _)| self.slab.get_mut(slot)) {
            entry.last = case.at;
        }
    }
}
