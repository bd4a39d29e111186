//! Events: what comes from outside, already taken out of its wire form.

use crate::facts::{Name, Value};
use crate::participant::Role;
use crate::signal::{EventType, SignalRole};
use crate::time::Timestamp;

/// What an event is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// One of the types that every ruleset knows.
    BuiltIn(EventType),
    /// An organisation's own, `x.<name>`, written whole.
    Custom(Name),
}

/// One thing that happened in a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Unique in its conversation; the same id again changes nothing (C5). Without one, nothing is ever a repeat.
    pub id: Option<Name>,
    /// The conversation.
    pub conversation: Name,
    /// The channel; needed on the first event of a conversation.
    pub channel: Option<Name>,
    /// When it was sent, if that is known and differs from when it came: it counts from here, but never from later than
    /// it came.
    pub at: Option<Timestamp>,
    /// What happened.
    pub kind: EventKind,
    /// Whose doing it was; `session.started` has its `by` here.
    pub role: Option<SignalRole>,
    /// Which participant of that role, where the feed tells several apart.
    pub participant: Option<Name>,
    /// The facts it carries.
    pub facts: EventFacts,
}

/// The facts that an event carries; what is absent stays as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFacts {
    /// Whether the customer is authenticated.
    pub authenticated: Option<bool>,
    /// The queue.
    pub queue: Option<Name>,
    /// The language.
    pub language: Option<Name>,
    /// `customer.<name>`.
    pub customer: Vec<(Name, Value)>,
    /// `attributes.<name>`.
    pub attributes: Vec<(Name, Value)>,
    /// Who is present from the start: only of `session.started`.
    pub participants: Vec<Role>,
}

impl Event {
    /// An event of a built-in type with nothing else on it.
    #[must_use]
    pub fn new(conversation: impl Into<Name>, kind: EventType) -> Self {
        Self {
            id: None,
            conversation: conversation.into(),
            channel: None,
            at: None,
            kind: EventKind::BuiltIn(kind),
            role: None,
            participant: None,
            facts: EventFacts::default(),
        }
    }

    /// The same by that role.
    #[must_use]
    pub fn by(mut self, role: impl Into<SignalRole>) -> Self {
        self.role = Some(role.into());
        self
    }

    /// The same on that channel.
    #[must_use]
    pub fn on(mut self, channel: impl Into<Name>) -> Self {
        self.channel = Some(channel.into());
        self
    }

    /// The type as written on the wire.
    #[must_use]
    pub fn type_name(&self) -> &str {
        match &self.kind {
            EventKind::BuiltIn(kind) => kind.name(),
            EventKind::Custom(name) => name,
        }
    }
}
