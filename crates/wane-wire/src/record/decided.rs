//! What records of conversations have in common, for whoever reads the log and does not care which kind it was.

use wane_core::effect::{Effect, Lapse};
use wane_core::facts::Name;
use wane_core::time::Timestamp;

use super::{Address, Ordinal, Record};

/// What was decided about a conversation: by an event, or by the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decided<'r> {
    /// When.
    pub now: Timestamp,
    /// By which rules; what follows numbers its timers and rows as these do.
    pub rules: Ordinal,
    /// About which conversation.
    pub conversation: &'r Name,
    /// Its channel's number in those rules.
    pub channel: u16,
    /// The timers that ran out.
    pub lapses: &'r [Lapse],
    /// All effects.
    pub effects: &'r [Effect],
}

impl Record {
    /// What was decided; `None` for a record that decides nothing about a conversation.
    ///
    /// ```
    /// use wane_core::time::Timestamp;
    /// use wane_wire::record::Record;
    /// assert_eq!(Record::Tick { now: Timestamp::EPOCH }.decided(), None);
    /// ```
    #[must_use]
    pub fn decided(&self) -> Option<Decided<'_>> {
        match self {
            Self::Event(it) => Some(Decided {
                now: it.now,
                rules: it.rules,
                conversation: &it.event.conversation,
                channel: it.channel,
                lapses: &it.lapses,
                effects: &it.effects,
            }),
            Self::Lapse(it) => Some(Decided {
                now: it.now,
                rules: it.rules,
                conversation: &it.conversation,
                channel: it.channel,
                lapses: &it.lapses,
                effects: &it.effects,
            }),
            Self::Forget { .. }
            | Self::Tick { .. }
            | Self::Outage { .. }
            | Self::Activation { .. }
            | Self::Delivery(_)
            | Self::Admin { .. } => None,
        }
    }

    /// All effects; none for a record that decides nothing.
    #[must_use]
    pub fn effects(&self) -> &[Effect] {
        self.decided().map_or(&[], |decided| decided.effects)
    }

    /// The conversation whose chain it is in, and the record before it there.
    #[must_use]
    pub fn chained(&self) -> Option<(&Name, Address)> {
        match self {
            Self::Event(it) => Some((&it.event.conversation, it.previous)),
            Self::Lapse(it) => Some((&it.conversation, it.previous)),
            Self::Forget { conversation, previous, .. } => Some((conversation, *previous)),
            Self::Tick { .. }
            | Self::Outage { .. }
            | Self::Activation { .. }
            | Self::Delivery(_)
            | Self::Admin { .. } => None,
        }
    }
}
