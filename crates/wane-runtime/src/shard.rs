//! A share of the conversations, on one thread.
//!
//! The order of a round: any number of [`Shard::event`] and [`Shard::tick`] into one [`Batch`]; then, under the lock of
//! the block builder, [`Shard::seal`] with the address that the batch gets. Answers may leave when that block is durable.

use std::sync::Arc;

use wane_core::effect::Answer;
use wane_core::engine::Engine;
use wane_core::event::Event;
use wane_core::facts::Name;
use wane_core::ruleset::Ruleset;
use wane_core::session::Conversation;
use wane_core::time::Timestamp;
use wane_wire::record::{Address, Record};

use crate::batch::{Batch, Place};
use crate::epoch::Epoch;

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

/// The conversations of one share of the names.
#[derive(Debug)]
pub struct Shard {
    settings: Settings,
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

impl Shard {
    /// An empty shard, before any ruleset.
    #[must_use]
    pub const fn new(settings: Settings) -> Self {
        Self { settings }
    }

    /// The shard of that name among `shards`.
    #[must_use]
    pub fn of(_key: &[u8; 16], _conversation: &str, _shards: u16) -> u16 {
        todo!()
    }

    /// Something happened to all conversations. The first epoch must be a ruleset.
    pub fn epoch(&mut self, _epoch: Epoch) {
        todo!()
    }

    /// The rules in force.
    #[must_use]
    pub fn rules(&self) -> &Arc<Ruleset> {
        todo!()
    }

    /// An event came.
    pub fn event(&mut self, _now: Timestamp, _event: &Event, _batch: &mut Batch) -> Reply {
        todo!()
    }

    /// Time passed: decides what is due, at most `most` conversations, oldest deadline first.
    /// Returns how many it decided; call again when that is `most`.
    pub fn tick(&mut self, _now: Timestamp, _most: usize, _batch: &mut Batch) -> usize {
        todo!()
    }

    /// The instant at which [`Shard::tick`] has something to do next; it may turn out to be nothing.
    #[must_use]
    pub fn next_wake(&self) -> Option<Timestamp> {
        todo!()
    }

    /// Idle work, a slice of about `most` conversations: catching up with epochs, forgetting what retention lets go.
    /// Returns whether there is more to do.
    pub fn tidy(&mut self, _now: Timestamp, _most: usize, _batch: &mut Batch) -> bool {
        todo!()
    }

    /// The batch gets this address: its back pointers are set, and the conversations know their latest record.
    pub fn seal(&mut self, _batch: &mut Batch, _base: Address) {
        todo!()
    }

    /// One conversation.
    #[must_use]
    pub fn view(&self, _conversation: &str) -> Option<View> {
        todo!()
    }

    /// Conversations from a cursor on (`0` is the start), at most `limit` that `keep` keeps.
    /// The next cursor is `None` at the end. One that is moved between calls may be missed or told twice.
    #[must_use]
    pub fn list(&self, _cursor: u64, _limit: usize, _keep: &dyn Fn(&View) -> bool) -> (Vec<View>, Option<u64>) {
        todo!()
    }

    /// The record of an event that was remembered by its id.
    #[must_use]
    pub fn seen(&self, _conversation: &str, _id: &str) -> Option<Address> {
        todo!()
    }

    /// What new rules would do, for a slice of about `most` conversations from a cursor on; the next cursor.
    pub fn preview(
        &self,
        _engine: &Arc<Engine>,
        _now: Timestamp,
        _slice: (u64, usize),
        _into: &mut Preview,
    ) -> Option<u64> {
        todo!()
    }

    /// Its figures.
    #[must_use]
    pub fn figures(&self) -> Figures {
        todo!()
    }

    /// Writes about `most` conversations into a piece of a snapshot, from a cursor on; the next cursor. Between the first
    /// slice and [`Shard::snapshot_done`] nothing is forgotten.
    pub fn snapshot(&mut self, _cursor: u64, _most: usize, _piece: &mut Vec<u8>) -> Option<u64> {
        todo!()
    }

    /// The snapshot is finished or given up.
    pub fn snapshot_done(&mut self) {
        todo!()
    }

    /// Takes over the conversations of a piece that belong to this shard.
    ///
    /// # Errors
    /// Says what is wrong with the piece.
    pub fn restore(&mut self, _piece: &[u8]) -> Result<(), String> {
        todo!()
    }

    /// Applies a record of the log again: skips it when it is not of this shard, or when the conversation's state is newer.
    ///
    /// # Errors
    /// [`Disagreement`] when the state was led elsewhere than the log says. The log's word holds for nothing then: stop.
    pub fn replay(&mut self, _at: Address, _record: &Record) -> Result<(), Disagreement> {
        todo!()
    }

    /// Whether conversations of that partition are this shard's.
    #[must_use]
    pub const fn has(&self, _partition: u16) -> bool {
        todo!()
    }

    /// Conversations whose point lies before that instant are not decided by [`Shard::tick`] until that is taken back.
    pub fn hold_before(&mut self, _instant: Option<Timestamp>) {
        todo!()
    }

    /// Its settings.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }
}
