//! The shards' threads and the log's: where events wait, are decided, and become durable.
//!
//! [`Node`] is the handle that handlers use. An answer is given after its record is durable. Queues are bounded: a full one
//! is [`NodeError::Busy`], told at once.

use std::sync::Arc;

use thiserror::Error;
use wane_core::effect::Answer;
use wane_core::engine::Engine;
use wane_core::event::Event;
use wane_core::facts::Name;
use wane_core::ruleset::Ruleset;
use wane_core::time::Timestamp;
use wane_runtime::shard::{Figures, Preview, View};
use wane_store::log::Block;
use wane_wire::record::{Address, EffectRef, EventRecord, Ordinal, Record, Sequence};

/// The running shards and their log.
#[derive(Clone, Debug)]
pub struct Node {}

/// What became of an event, durably.
#[derive(Clone, Debug)]
pub enum Answered {
    /// It is new.
    New {
        /// The engine's answer.
        answer: Answer,
        /// The rules that decided.
        rules: Arc<Ruleset>,
        /// The conversation's next point after it.
        next: Option<Timestamp>,
        /// Its record, when it changed something.
        record: Option<Address>,
    },
    /// It was recorded before, and is the same event; the record has its first answer.
    Duplicate(Box<EventRecord>, Address),
    /// Its id was used before, by another event: 409.
    Conflict(Address),
    /// Its id was seen before, but the record is no longer kept.
    Forgotten,
}

/// Why the node does not do what it is asked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NodeError {
    /// Too much is waiting; nothing was done. Come again in a moment: 429 or 503 with `Retry-After`.
    #[error("too much is waiting; come again")]
    Busy,
    /// The daemon is stopping, or its disk failed. Whether the last requests count is unknown to the client: 503.
    #[error("the service is stopping")]
    Stopped,
    /// The log can not be read there.
    #[error("{0}")]
    Log(String),
}

impl Node {
    /// The time of the engine.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        todo!()
    }

    /// Applies events, each conversation's in the order given; answers in the order given, after all are durable.
    ///
    /// # Errors
    /// [`NodeError`]; with `Busy` none of the events was taken.
    #[expect(clippy::unused_async, reason = "to come")]
    pub async fn submit(&self, _events: Vec<Event>) -> Result<Vec<Answered>, NodeError> {
        todo!()
    }

    /// A conversation as it is now.
    ///
    /// # Errors
    /// [`NodeError`].
    #[expect(clippy::unused_async, reason = "to come")]
    pub async fn view(&self, _conversation: &str) -> Result<Option<View>, NodeError> {
        todo!()
    }

    /// Conversations, a page: from a cursor on (`None`: the start), at most `limit`.
    ///
    /// # Errors
    /// [`NodeError`].
    #[expect(clippy::unused_async, reason = "to come")]
    pub async fn list(&self, _page: ListPage) -> Result<(Vec<View>, Option<Cursor>), NodeError> {
        todo!()
    }

    /// The record of an event by its id.
    ///
    /// # Errors
    /// [`NodeError`].
    #[expect(clippy::unused_async, reason = "to come")]
    pub async fn seen(&self, _conversation: &str, _id: &str) -> Result<Option<Address>, NodeError> {
        todo!()
    }

    /// What other rules would do to the conversations that are kept.
    ///
    /// # Errors
    /// [`NodeError`].
    #[expect(clippy::unused_async, reason = "to come")]
    pub async fn preview(&self, _engine: Arc<Engine>) -> Result<Preview, NodeError> {
        todo!()
    }

    /// Puts rules in force, durably; gives their number. What they are made of must be stored before.
    ///
    /// # Errors
    /// [`NodeError`].
    #[expect(clippy::unused_async, reason = "to come")]
    pub async fn activate(&self, _rules: Arc<Ruleset>, _by: Name) -> Result<Ordinal, NodeError> {
        todo!()
    }

    /// Appends a record that is not about the state of conversations: delivery marks, what administrators did.
    ///
    /// # Errors
    /// [`NodeError`].
    #[expect(clippy::unused_async, reason = "to come")]
    pub async fn record(&self, _record: Record) -> Result<Address, NodeError> {
        todo!()
    }

    /// Moves a manual clock and decides everything that is due until then, durably.
    ///
    /// # Errors
    /// [`NodeError`].
    #[expect(clippy::unused_async, reason = "to come")]
    pub async fn set_clock(&self, _to: Timestamp) -> Result<Timestamp, NodeError> {
        todo!()
    }

    /// The rules in force and their number.
    #[must_use]
    pub fn rules(&self) -> (Ordinal, Arc<Ruleset>) {
        todo!()
    }

    /// The rules of a number, to read records with; `None` when they are not known any more.
    #[must_use]
    pub fn rules_of(&self, _ordinal: Ordinal) -> Option<Arc<Ruleset>> {
        todo!()
    }

    /// The last durable block.
    #[must_use]
    pub fn durable(&self) -> Sequence {
        todo!()
    }

    /// The oldest block that is still kept.
    #[must_use]
    pub fn oldest(&self) -> Sequence {
        todo!()
    }

    /// Returns as soon as a block after `after` is durable.
    ///
    /// # Errors
    /// [`NodeError::Stopped`].
    #[expect(clippy::unused_async, reason = "to come")]
    pub async fn durable_after(&self, _after: Sequence) -> Result<Sequence, NodeError> {
        todo!()
    }

    /// Durable blocks from `from` on, about `most` bytes at most; from memory when they are recent, else from the log.
    ///
    /// # Errors
    /// [`NodeError::Log`] when they are no longer kept.
    #[expect(clippy::unused_async, reason = "to come")]
    pub async fn blocks(&self, _from: Sequence, _most: usize) -> Result<Vec<Block>, NodeError> {
        todo!()
    }

    /// One durable record.
    ///
    /// # Errors
    /// [`NodeError::Log`] when it is no longer kept.
    #[expect(clippy::unused_async, reason = "to come")]
    pub async fn read(&self, _at: Address) -> Result<Record, NodeError> {
        todo!()
    }

    /// Figures of all shards together.
    ///
    /// # Errors
    /// [`NodeError`].
    #[expect(clippy::unused_async, reason = "to come")]
    pub async fn figures(&self) -> Result<Figures, NodeError> {
        todo!()
    }
}

/// Which page of the conversations.
#[derive(Clone, Default)]
pub struct ListPage {
    /// Where to go on.
    pub cursor: Option<Cursor>,
    /// How many.
    pub limit: usize,
    /// Which ones.
    pub keep: Option<Keep>,
}

/// Decides whether a conversation belongs to a list.
pub type Keep = Arc<dyn Fn(&View) -> bool + Send + Sync>;

/// Where a list goes on: a shard, and a place in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The shard.
    pub shard: u16,
    /// The place.
    pub place: u64,
}

/// The effect that a reference names, in a record.
#[must_use]
pub fn effect_of(record: &Record, reference: EffectRef) -> Option<&wane_core::effect::Effect> {
    let effects = match record {
        Record::Event(event) => &event.effects,
        Record::Lapse(lapse) => &lapse.effects,
        Record::Forget { .. }
        | Record::Tick { .. }
        | Record::Outage { .. }
        | Record::Activation { .. }
        | Record::Delivery(_)
        | Record::Admin { .. } => return None,
    };
    effects.get(usize::try_from(reference.index).ok()?)
}
