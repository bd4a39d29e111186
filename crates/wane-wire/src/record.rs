//! What the log is made of: every input of the engine, with what came of it, and every mark of delivery.
//!
//! A record is self-contained: it names conversations by their names, so that it is read without the state that it led
//! to. Rows, timers and kinds go by number, as the ruleset of that ordinal numbers them. The form in bytes is in `code`,
//! with its parts in `write`, `event`, `decisions` and `plain`; blocks, checksums and files are the business of
//! `wane-store`. Described for people in `docs/log-format.md`.

use std::fmt;

use wane_core::effect::{Effect, Lapse};
use wane_core::event::Event;
use wane_core::facts::Name;
use wane_core::ruleset::RulesetHash;
use wane_core::time::Timestamp;

mod code;
mod decided;
mod decisions;
mod event;
mod json;
mod plain;
#[cfg(test)]
mod tests;
mod write;

pub use code::{Peek, RecordError, RecordKind, decode, instant, iterate, peek};
pub use decided::Decided;
pub use json::{EffectRefJson, Reading, RecordJson};
pub use write::{EventParts, ForgetParts, LapseParts, encode, encode_event, encode_forget, encode_lapse, link};

/// The number of a block in the log, dense from 1; 0 is before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sequence(pub u64);

impl Sequence {
    /// The one after it.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// The most bytes of records in one block.
pub const BLOCK_LIMIT: usize = 1 << Address::OFFSET_BITS;

/// Where a record starts: its block, and the offset among the block's records. Never moves; orders the whole log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(pub u64);

impl Address {
    const OFFSET_BITS: u32 = 20;

    /// No record: lies before all.
    pub const NONE: Self = Self(0);

    /// The address of the record at that offset of that block; offsets are below [`BLOCK_LIMIT`].
    #[must_use]
    pub const fn new(block: Sequence, offset: u32) -> Self {
        Self((block.0 << Self::OFFSET_BITS) | (offset as u64 & ((1 << Self::OFFSET_BITS) - 1)))
    }

    /// Its block.
    #[must_use]
    pub const fn block(self) -> Sequence {
        Sequence(self.0 >> Self::OFFSET_BITS)
    }

    /// The offset in the block.
    #[must_use]
    pub const fn offset(self) -> u32 {
        (self.0 & ((1 << Self::OFFSET_BITS) - 1)) as u32
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.block().0, self.offset())
    }
}

impl Address {
    /// Reads what [`fmt::Display`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (block, offset) = text.split_once('-')?;
        let (block, offset) = (block.parse::<u64>().ok()?, offset.parse::<u32>().ok()?);
        let fits = block >> (64 - Self::OFFSET_BITS) == 0 && usize::try_from(offset).ok()? < BLOCK_LIMIT;
        fits.then(|| Self::new(Sequence(block), offset))
    }
}

/// The how-manieth ruleset that was put in force in this data directory, from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ordinal(pub u32);

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// An event that changed something.
    Event(Box<EventRecord>),
    /// The clock moved a conversation: timers ran out or warned.
    Lapse(Box<LapseRecord>),
    /// A conversation is kept no longer: it ended, or lay idle, for as long as retention says.
    Forget {
        /// When.
        now: Timestamp,
        /// Which.
        conversation: Name,
        /// Its record before this one.
        previous: Address,
    },
    /// The service was up at this instant.
    Tick {
        /// The instant.
        now: Timestamp,
    },
    /// The service took no messages in between.
    Outage {
        /// The last instant at which it was known to be up.
        from: Timestamp,
        /// When it came up again.
        now: Timestamp,
    },
    /// A ruleset was put in force for all conversations.
    Activation {
        /// When.
        now: Timestamp,
        /// Its number in this log.
        ordinal: Ordinal,
        /// Its name.
        hash: RulesetHash,
        /// Who did it.
        by: Name,
    },
    /// What became of the delivery of an effect.
    Delivery(Box<DeliveryRecord>),
    /// Something that an administrator did, or that the daemon must remember: endpoints, audit. JSON, by kind.
    Admin {
        /// When.
        now: Timestamp,
        /// What kind of thing, such as `endpoint` or `audit`.
        kind: Name,
        /// One JSON object.
        json: Vec<u8>,
    },
}

/// An event and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRecord {
    /// When it came.
    pub now: Timestamp,
    /// The rules that decided.
    pub rules: Ordinal,
    /// The conversation's record before this one.
    pub previous: Address,
    /// The event.
    pub event: Event,
    /// The conversation's channel, its number in those rules; the event itself need not name it.
    pub channel: u16,
    /// Whether it counted; otherwise it was refused, but the clock or the refusal had effects.
    pub applied: bool,
    /// How late it was, in milliseconds (C4).
    pub late_by: i64,
    /// How many of the effects the clock had on the way; the others are the event's own.
    pub lapsed_effects: u32,
    /// The timers that ran out on the way.
    pub lapses: Vec<Lapse>,
    /// All effects.
    pub effects: Vec<Effect>,
}

/// A move of the clock, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LapseRecord {
    /// When it was decided.
    pub now: Timestamp,
    /// The rules that decided.
    pub rules: Ordinal,
    /// The conversation's record before this one.
    pub previous: Address,
    /// The conversation.
    pub conversation: Name,
    /// Its channel's number in those rules.
    pub channel: u16,
    /// The timers that ran out.
    pub lapses: Vec<Lapse>,
    /// All effects.
    pub effects: Vec<Effect>,
}

/// Names one effect for good: its record, and its place among the record's effects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EffectRef {
    /// The record.
    pub record: Address,
    /// The place, from 0.
    pub index: u32,
}

/// What became of one delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryRecord {
    /// When.
    pub now: Timestamp,
    /// The endpoint's id.
    pub endpoint: Name,
    /// Which effect.
    pub effect: EffectRef,
    /// What happened.
    pub mark: Mark,
}

/// The fates of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// The receiver took it.
    Delivered,
    /// An attempt failed; another one follows.
    Failed {
        /// The how-manieth attempt it was, from 1.
        attempt: u32,
        /// Why, for people; holds no secret and no text of a message.
        why: Name,
        /// When the next attempt is due.
        next: Timestamp,
    },
    /// Given up; it can be retried by hand.
    Dead {
        /// Why.
        why: Name,
    },
    /// Not to be delivered any more: the endpoint is gone, or the plugin says that there is nothing to send.
    Cancelled {
        /// Why.
        why: Name,
    },
    /// A dead one is tried again.
    Retried,
}
