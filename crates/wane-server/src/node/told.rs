//! What the node tells those who ask it: answers, why there is none, pages of lists.

use std::sync::Arc;

use thiserror::Error;
use wane_core::effect::Answer;
use wane_core::event::{Event, EventFacts};
use wane_core::facts::{Name, Value};
use wane_core::ruleset::Ruleset;
use wane_core::time::Timestamp;
use wane_runtime::shard::View;
use wane_store::log::LogError;
use wane_wire::record::{Address, EventRecord};

/// The texts of an event together, in bytes: with all that it may set off, its record must fit a block of the log.
pub const EVENT_LIMIT: usize = 64 * 1024;

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
    /// What is asked for is no longer kept.
    #[error("no longer kept")]
    Gone,
    /// What is to be recorded is larger than a record can be; nothing was done: 413.
    #[error("the texts of an event have more than {EVENT_LIMIT} bytes")]
    TooLarge,
    /// The log can not be read.
    #[error("{0}")]
    Log(String),
}

/// Why a node can not go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The log can not be written any more. What was answered is safe; what was not is unknown.
    Write(String),
    /// A fault of ours, in the thread of that name.
    Fault(String),
}

impl From<LogError> for NodeError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Gone { .. } => Self::Gone,
            LogError::Stopped => Self::Stopped,
            LogError::Unexpected { .. }
            | LogError::TooLarge(_)
            | LogError::Damaged { .. }
            | LogError::Held(_)
            | LogError::Directory(_)
            | LogError::Disk { .. } => Self::Log(error.to_string()),
        }
    }
}

/// The bytes of an event's texts.
pub(super) fn size(event: &Event) -> usize {
    let text = |name: &Option<Name>| name.as_ref().map_or(0, |name| name.len());
    let value = |value: &Value| if let Value::Text(text) = value { text.len() } else { 0 };
    let EventFacts { queue, language, customer, attributes, .. } = &event.facts;
    let facts = customer.iter().chain(attributes).map(|(name, fact)| name.len() + value(fact));
    let names = [&event.id, &event.channel, &event.participant, queue, language];
    event.conversation.len()
        + event.type_name().len()
        + names.into_iter().map(text).sum::<usize>()
        + facts.sum::<usize>()
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
