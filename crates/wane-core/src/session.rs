//! A conversation and its open session, as the engine keeps them. Only [`crate::engine`] changes them.

use std::collections::{BTreeMap, VecDeque};

use crate::effect::Answer;
use crate::facts::{Facts, Name};
use crate::participant::{Handler, Role};
use crate::time::Timestamp;
use crate::timer::{ChannelId, TimerState};

/// The status of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Status {
    /// Waits for a handler.
    Waiting,
    /// Somebody handles it.
    Active,
    /// Went quiet or was parked.
    Inactive,
    /// Over for good (L7).
    Ended,
}

impl Status {
    /// All statuses.
    pub const ALL: [Self; 4] = [Self::Waiting, Self::Active, Self::Inactive, Self::Ended];

    /// The word used in files and on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Ended => "ended",
        }
    }

    /// The status of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

/// The long-lived thread between one customer and the business on one channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    pub(crate) channel: ChannelId,
    pub(crate) ended: bool,
    pub(crate) opted_out: bool,
    /// The latest instant that something was applied or lapsed at (C4).
    pub(crate) latest: Timestamp,
    /// How many sessions there were.
    pub(crate) sessions: u32,
    pub(crate) session: Option<Session>,
    pub(crate) facts: Facts,
    /// The timers that are not stopped, by number.
    pub(crate) timers: Vec<TimerState>,
    pub(crate) generations: u32,
    pub(crate) effects: u32,
    /// How many predicates failed at run time (R4).
    pub(crate) failures: u32,
    pub(crate) seen: Seen,
}

/// The open session of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub(crate) number: u32,
    pub(crate) status: Status,
    pub(crate) started: Timestamp,
    pub(crate) customer_was: Option<Timestamp>,
    pub(crate) participants: Vec<Participant>,
    pub(crate) bot_session: bool,
    pub(crate) messages: u32,
    pub(crate) customer_messages: u32,
    pub(crate) last_message_by: Option<Role>,
    pub(crate) waiting_on: WaitingOn,
    pub(crate) held: bool,
}

/// Whose turn it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WaitingOn {
    /// Nobody wrote yet.
    #[default]
    Nobody,
    /// The business wrote last.
    Customer,
    /// The customer wrote last, or pressed a button.
    Business,
}

impl WaitingOn {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Nobody, Self::Customer, Self::Business];

    /// The word in predicates.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Customer => "customer",
            Self::Business => "business",
        }
    }
}

/// Somebody of the business's side who is present.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Participant {
    /// What they are.
    pub role: Role,
    /// Which one, where the feed tells.
    pub id: Option<Name>,
}

/// The event ids of the last days and their first answers (C5).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) answers: BTreeMap<Name, Remembered>,
    pub(crate) order: VecDeque<(Timestamp, Name)>,
}

/// A first answer, small when nothing special happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Remembered {
    Plain,
    Full(Box<Answer>),
}

impl Conversation {
    /// Its channel.
    #[must_use]
    pub const fn channel(&self) -> ChannelId {
        self.channel
    }

    /// Whether it is over for good.
    #[must_use]
    pub const fn ended(&self) -> bool {
        self.ended
    }

    /// Whether the customer asked to get nothing any more.
    #[must_use]
    pub const fn opted_out(&self) -> bool {
        self.opted_out
    }

    /// The latest instant that something was applied or lapsed at.
    #[must_use]
    pub const fn latest(&self) -> Timestamp {
        self.latest
    }

    /// How many sessions it has had, the open one included.
    #[must_use]
    pub const fn sessions(&self) -> u32 {
        self.sessions
    }

    /// Its open session.
    #[must_use]
    pub const fn session(&self) -> Option<&Session> {
        self.session.as_ref()
    }

    /// The status of its open session; [`Status::Ended`] when there is none.
    #[must_use]
    pub fn status(&self) -> Status {
        self.session.as_ref().map_or(Status::Ended, |session| session.status)
    }

    /// Who handles its open session.
    #[must_use]
    pub fn handler(&self) -> Handler {
        self.session.as_ref().map_or(Handler::None, Session::handler)
    }

    /// The values of its facts.
    #[must_use]
    pub const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// How many predicates failed at run time and counted as false (R4).
    #[must_use]
    pub const fn predicate_failures(&self) -> u32 {
        self.failures
    }

    /// Its timers that are not simply stopped, in the order of their declaration.
    #[must_use]
    pub fn timers(&self) -> &[TimerState] {
        &self.timers
    }
}

impl Session {
    /// Its number in the conversation, from 1.
    #[must_use]
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// Its status; never [`Status::Ended`].
    #[must_use]
    pub const fn status(&self) -> Status {
        self.status
    }

    /// When it opened.
    #[must_use]
    pub const fn started(&self) -> Timestamp {
        self.started
    }

    /// The customer's last message or postback.
    #[must_use]
    pub const fn customer_was(&self) -> Option<Timestamp> {
        self.customer_was
    }

    /// Who is present of the business's side, in the order of joining.
    #[must_use]
    pub fn participants(&self) -> &[Participant] {
        &self.participants
    }

    /// Whether somebody of that role is present.
    #[must_use]
    pub fn has(&self, role: Role) -> bool {
        self.participants.iter().any(|participant| participant.role == role)
    }

    /// Who handles it.
    #[must_use]
    pub fn handler(&self) -> Handler {
        self.participants.iter().map(|participant| Handler::of(participant.role)).max().unwrap_or_default()
    }

    /// Whether it has an open bot session (L13).
    #[must_use]
    pub const fn bot_session(&self) -> bool {
        self.bot_session
    }

    /// Whether it is on hold.
    #[must_use]
    pub const fn held(&self) -> bool {
        self.held
    }
}
