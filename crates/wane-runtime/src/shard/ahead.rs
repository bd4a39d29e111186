//! Looking ahead at what a run of events or records will need.
//!
//! Conversations lie all over the memory. Deciding about one waits for memory some six times in turn: for its place in the
//! table, its entry, its bytes, its deadline, the table of ids. The processor can wait for many such places at the same
//! time, if nothing else stands between them: so the places of a run are looked at first, one kind after another, and
//! what is decided then finds all of them in the caches.

use std::hint::black_box;

use wane_core::event::Event;
use wane_wire::record::Record;

use super::Shard;
use crate::name::Hashed;

impl Shard {
    /// How many events or records are worth looking at together: what they need still fits a core's own cache.
    pub const AHEAD: usize = 32;

    /// What an event is looked up by.
    #[must_use]
    pub fn hashed(&self, event: &Event) -> Hashed {
        Hashed::new(&self.settings.key, &event.conversation, event.id.as_deref())
    }

    /// Brings near what the first [`Shard::AHEAD`] of these events need. Decides nothing, and may be left out.
    pub fn look_ahead(&self, events: &[Hashed]) {
        let run = events.iter().take(Self::AHEAD);
        let mut slots = [None; Self::AHEAD];
        let mut seen = 0;
        for (slot, event) in slots.iter_mut().zip(run) {
            *slot = self.slab.guess(&event.name);
            seen ^= event.id.map_or(0, |id| self.ids.glance(id));
        }
        for slot in slots.into_iter().flatten() {
            seen ^= self.slab.get(slot).map_or(0, |entry| entry.last.0);
            seen ^= self.calendar.deadline(slot).map_or(0, i64::cast_unsigned);
        }
        for slot in slots.into_iter().flatten() {
            let ends = self.slab.get(slot).and_then(|entry| Some((entry.bytes.first()?, entry.bytes.last()?)));
            seen ^= ends.map_or(0, |(first, last)| u64::from(first ^ last));
        }
        black_box(seen);
    }

    /// What the conversation of a record is looked up by, and its id; `None` for one that is nobody's.
    pub(super) fn hashed_record(&self, record: &Record) -> Option<Hashed> {
        let (conversation, id) = match record {
            Record::Event(record) => (&record.event.conversation, record.event.id.as_deref()),
            Record::Lapse(record) => (&record.conversation, None),
            Record::Forget { conversation, .. } => (conversation, None),
            Record::Tick { .. }
            | Record::Outage { .. }
            | Record::Activation { .. }
            | Record::Delivery(_)
            | Record::Admin { .. } => return None,
        };
        Some(Hashed::new(&self.settings.key, conversation, id))
    }
}
