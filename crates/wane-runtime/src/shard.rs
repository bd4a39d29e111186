//! A share of the conversations, on one thread.
//!
//! The order of a round: any number of [`Shard::event`] and [`Shard::tick`] into one [`Batch`]; then, under the lock of
//! the block builder, [`Shard::seal`] with the address that the batch gets. Answers may leave when that block is durable.
//!
//! Here is what it holds and the order of its work; deciding is in `decide`, looking at conversations in `look`, what a
//! restart needs in `snapshot` and `replay`, what makes runs of events cheaper in `ahead`.

mod ahead;
mod decide;
mod look;
mod replay;
mod snapshot;
mod tidy;

use std::collections::BTreeSet;
use std::sync::Arc;

use wane_core::effect::{Answer, Outcome, Refusal};
use wane_core::event::Event;
use wane_core::ruleset::Ruleset;
use wane_core::time::Timestamp;
use wane_wire::record::{Address, Ordinal, link};

use crate::batch::{Batch, Place};
use crate::calendar::Calendar;
use crate::epoch::Epoch;
use crate::epochs::Epochs;
use crate::ids::Ids;
use crate::name::{Key, shard_of};
use crate::slab::Slab;

pub use crate::name::Hashed;
pub use look::{Figures, Preview, View};
pub use replay::Disagreement;
pub use tidy::Needs;

/// Which share a shard has, and how it is to behave.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Its number, below `shards`.
    pub index: u16,
    /// How many there are.
    pub shards: u16,
    /// The key under which names and event ids are hashed; secret, and the same for the life of a data directory, so that
    /// nobody outside can make ids collide.
    pub key: [u8; 16],
    /// How long event ids are remembered, in milliseconds; 8 days (C5).
    pub ids_for: i64,
    /// How long ended conversations are kept, in milliseconds.
    pub ended_for: i64,
    /// How long conversations without an open session and without a running timer are kept, in milliseconds.
    pub idle_for: i64,
}

impl Settings {
    const fn has(&self, partition: u16) -> bool {
        shard_of(partition, self.shards) == self.index
    }
}

/// The conversations of one share of the names.
#[derive(Debug)]
pub struct Shard {
    settings: Settings,
    epochs: Epochs,
    slab: Slab,
    ids: Ids,
    calendar: Calendar,
    /// Conversations whose point lies before this are left alone.
    hold: Option<i64>,
    /// Those that came up while it does, by their point.
    held: BTreeSet<(i64, u32)>,
    /// The latest instant that [`Shard::tick`] saw.
    now: i64,
    /// While a snapshot is taken, nothing is forgotten.
    snapshot: bool,
    /// Whether some of the log before what is replayed is known from a snapshot alone.
    restored: bool,
    /// Where tidying is; `None` when it is done.
    tidying: Option<u32>,
    scratch: Vec<u8>,
    /// By which rules there are records since [`Shard::needs`] was asked last.
    decided: BTreeSet<Ordinal>,
    /// The rules before there are any.
    nothing: Arc<Ruleset>,
}

/// What became of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The engine's answer.
    Answered {
        /// It.
        answer: Answer,
        /// The conversation's next point, after it.
        next: Option<Timestamp>,
        /// Its record, when it has one.
        record: Option<Place>,
    },
    /// The id is known: whoever wants to tell the first answer, or whether it is the same event, reads it there.
    Seen(Seen),
}

/// Where an event was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// In an earlier batch.
    At(Address),
    /// In this batch.
    Here(Place),
}

/// Ids that are thrown out at each event and each tick at most; more than come in, so that they do not pile up.
const EXPIRED_AT_ONCE: usize = 8;

impl Shard {
    /// An empty shard, before any ruleset.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            epochs: Epochs::default(),
            slab: Slab::default(),
            ids: Ids::new(settings.ids_for),
            calendar: Calendar::default(),
            hold: None,
            held: BTreeSet::new(),
            now: 0,
            snapshot: false,
            restored: false,
            tidying: None,
            scratch: Vec::new(),
            decided: BTreeSet::new(),
            nothing: Arc::default(),
            settings,
        }
    }

    /// The shard of that name among `shards`.
    #[must_use]
    pub fn of(key: &[u8; 16], conversation: &str, shards: u16) -> u16 {
        shard_of(Key::new(key, conversation).partition, shards)
    }

    /// Something happened to all conversations. The first epoch must be a ruleset: an outage before is nobody's.
    pub fn epoch(&mut self, epoch: Epoch) {
        self.epochs.push(epoch);
        self.tidying = Some(0);
    }

    /// The happenings that conversations may still have to go through, by number, after the rules that all of them have
    /// reached. A snapshot needs them as they are before its first piece.
    #[must_use]
    pub fn epochs(&self) -> Vec<(u32, Epoch)> {
        self.epochs.all().collect()
    }

    /// The first epoch that is given next gets this number, as in the shards that wrote the snapshot; before any is given,
    /// and before [`Shard::restore`].
    pub fn begin_at(&mut self, number: u32) {
        self.epochs.begin_at(number);
    }

    /// The rules in force; none of anything before the first epoch.
    #[must_use]
    pub fn rules(&self) -> &Arc<Ruleset> {
        self.epochs.latest().map_or(&self.nothing, |latest| latest.engine.rules())
    }

    /// An event came.
    pub fn event(&mut self, now: Timestamp, event: &Event, batch: &mut Batch) -> Reply {
        let hashed = self.hashed(event);
        self.hashed_event(now, (event, &hashed), batch)
    }

    /// The same of one whose hashes, by [`Shard::hashed`], are known.
    pub fn hashed_event(&mut self, now: Timestamp, (event, hashed): (&Event, &Hashed), batch: &mut Batch) -> Reply {
        self.ids.index();
        self.ids.expire(now, EXPIRED_AT_ONCE);
        self.decide_event(now, (event, hashed), batch).unwrap_or_else(|| {
            let outcome = Outcome::Refused(Refusal::UnknownConversation);
            let answer = Answer { outcome, late_by: 0, effects: Vec::new(), lapses: Vec::new() };
            Reply::Answered { answer, next: None, record: None }
        })
    }

    /// Time passed: decides what is due, at most `most` conversations, oldest deadline first, and lets those go whose
    /// retention is over. Returns how many it looked at; call again, with room in the batch, when that is `most`.
    pub fn tick(&mut self, now: Timestamp, most: usize, batch: &mut Batch) -> usize {
        self.now = self.now.max(now.millis());
        self.ids.index();
        self.ids.expire(now, EXPIRED_AT_ONCE);
        for done in 0..most {
            if batch.bytes.len() >= 2 * Batch::FULL {
                return most;
            }
            let Some(slot) = self.due(now) else { return done };
            self.came_up(slot, now, batch);
        }
        most
    }

    /// The instant at which [`Shard::tick`] has something to do next; it may turn out to be nothing.
    #[must_use]
    pub fn next_wake(&self) -> Option<Timestamp> {
        let held = self.held.first().map(|(point, _)| *point).filter(|point| !self.is_held(*point));
        let next = [held, self.calendar.next()].into_iter().flatten().min()?;
        Some(Timestamp::EPOCH.plus_millis(next))
    }

    /// Conversations whose point lies before that instant are not decided by [`Shard::tick`] until this is called with
    /// `None` or an earlier one; an event still decides them.
    pub fn hold_before(&mut self, instant: Option<Timestamp>) {
        self.hold = instant.map(Timestamp::millis);
    }

    /// The batch gets this address: its back pointers are set, and the conversations know their latest record. Once for
    /// each batch; it must be cleared before it is used again.
    pub fn seal(&mut self, batch: &mut Batch, base: Address) {
        for sealed in &batch.links {
            let address = Place(sealed.record).at(base);
            if let Some(id) = sealed.id {
                self.ids.settle(id, address);
            }
            let Some(entry) = self.slab.get_mut(sealed.slot) else { continue };
            link(&mut batch.bytes, sealed.previous as usize, entry.last);
            entry.last = address;
            if sealed.forgets {
                self.slab.release(sealed.slot);
            }
        }
        batch.links.clear();
    }

    /// Whether conversations of that partition are this shard's.
    #[must_use]
    pub const fn has(&self, partition: u16) -> bool {
        self.settings.has(partition)
    }

    /// Its settings.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The next conversation to look at: one that is held no longer, or one that is due.
    fn due(&mut self, now: Timestamp) -> Option<u32> {
        if let Some((point, slot)) = self.held.first().copied()
            && !self.is_held(point)
            && point <= now.millis()
        {
            self.held.pop_first();
            return Some(slot);
        }
        self.calendar.due(now.millis())
    }

    fn is_held(&self, point: i64) -> bool {
        self.hold.is_some_and(|hold| point < hold)
    }
}
