//! Effects: what the engine says happened or must be done, each with its reason. Data, never a call.

use thiserror::Error;

use crate::action::Notice;
use crate::facts::Name;
use crate::participant::Role;
use crate::signal::{EffectType, Signal, SignalKind, SignalRole};
use crate::time::Timestamp;
use crate::timer::{RowId, TimerId};

/// One effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// The instant it counts from: the deadline of a lapse (C3), otherwise the instant of the event.
    pub at: Timestamp,
    /// The session's number in its conversation, from 1; 0 when there was none.
    pub session: u32,
    /// The how-manieth effect of its conversation this is, from 1.
    pub number: u32,
    /// What.
    pub body: EffectBody,
    /// Why.
    pub cause: Cause,
}

/// What an effect is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EffectBody {
    /// `session.opened`
    SessionOpened,
    /// `session.activated`
    SessionActivated,
    /// `session.requeued`
    SessionRequeued,
    /// `session.inactivated`
    SessionInactivated,
    /// `session.ended`
    SessionEnded,
    /// `bot_session.ended`
    BotSessionEnded,
    /// `conversation.ended`
    ConversationEnded,
    /// `participant.removed`
    ParticipantRemoved {
        /// Who.
        role: Role,
        /// Which one, when that is known.
        participant: Option<Name>,
    },
    /// `client.refused`
    ClientRefused {
        /// Why.
        why: RefusedWhy,
    },
    /// `notice.due`
    NoticeDue(Notice),
    /// `notice.undeliverable`
    NoticeUndeliverable {
        /// The notice that is not sent.
        notice: Notice,
        /// Why not.
        why: UndeliverableWhy,
    },
    /// `transfer.requested`
    TransferRequested {
        /// To which queue.
        queue: Name,
    },
    /// `session.tagged`
    SessionTagged {
        /// The tag.
        tag: Name,
    },
    /// An organisation's own, `x.…`.
    Custom {
        /// The name, with its `x.`.
        name: Name,
        /// The same, as selectors see it.
        kind: SignalKind,
    },
}

/// Why a client's request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusedWhy {
    /// The conversation is over or its token lapsed: the customer starts a new one.
    NewConversationRequired,
}

impl RefusedWhy {
    /// The word on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NewConversationRequired => "new-conversation-required",
        }
    }
}

/// Why a notice is not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UndeliverableWhy {
    /// The customer opted out (L11).
    OptedOut,
    /// The channel's window is closed (X7): this timer is not running.
    WindowClosed(TimerId),
}

impl UndeliverableWhy {
    /// The word on the wire.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::OptedOut => "opted-out",
            Self::WindowClosed(_) => "window-closed",
        }
    }
}

/// The lapse, or the point before it, that caused an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimerCause {
    /// The timer.
    pub timer: TimerId,
    /// The row that gave its duration.
    pub row: RowId,
    /// Which start of a timer in the conversation.
    pub generation: u32,
    /// What it counted from.
    pub anchor: Timestamp,
    /// Its deadline.
    pub deadline: Timestamp,
}

/// A timer that ran out. It is decided once: the conversation and the generation name it for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lapse {
    /// The instant that its effects carry: the deadline, or the grid point at which a `sweep` found it.
    pub at: Timestamp,
    /// The session's number in its conversation; 0 when there was none yet.
    pub session: u32,
    /// The timer, its row, its anchor and its deadline.
    pub cause: TimerCause,
}

/// What the clock did to a conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// The timers that ran out, in the order of decision; some have no effects.
    pub lapses: Vec<Lapse>,
    /// Everything that happened, warnings included.
    pub effects: Vec<Effect>,
}

/// Why an effect came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// An event meant it by itself (section 3 of the semantics).
    Event(SignalKind),
    /// A timer lapsed.
    Lapse(TimerCause),
    /// A warning before a lapse.
    Warning(TimerCause),
    /// An event came after a timer had lapsed: the `afterwards` row of this position.
    Afterwards(TimerCause, u16),
}

impl Cause {
    /// The timer behind it, if there is one.
    #[must_use]
    pub const fn timer(&self) -> Option<&TimerCause> {
        match self {
            Self::Event(_) => None,
            Self::Lapse(cause) | Self::Warning(cause) | Self::Afterwards(cause, _) => Some(cause),
        }
    }
}

impl EffectBody {
    /// The type, or `None` for an organisation's own.
    #[must_use]
    pub const fn effect_type(&self) -> Option<EffectType> {
        Some(match self {
            Self::SessionOpened => EffectType::SessionOpened,
            Self::SessionActivated => EffectType::SessionActivated,
            Self::SessionRequeued => EffectType::SessionRequeued,
            Self::SessionInactivated => EffectType::SessionInactivated,
            Self::SessionEnded => EffectType::SessionEnded,
            Self::BotSessionEnded => EffectType::BotSessionEnded,
            Self::ConversationEnded => EffectType::ConversationEnded,
            Self::ParticipantRemoved { .. } => EffectType::ParticipantRemoved,
            Self::ClientRefused { .. } => EffectType::ClientRefused,
            Self::NoticeDue(_) => EffectType::NoticeDue,
            Self::NoticeUndeliverable { .. } => EffectType::NoticeUndeliverable,
            Self::TransferRequested { .. } => EffectType::TransferRequested,
            Self::SessionTagged { .. } => EffectType::SessionTagged,
            Self::Custom { .. } => return None,
        })
    }

    /// The type as written on the wire.
    #[must_use]
    pub fn type_name(&self) -> &str {
        if let Self::Custom { name, .. } = self { name } else { self.effect_type().map_or("", EffectType::name) }
    }

    /// The effect as selectors see it.
    #[must_use]
    pub fn signal(&self) -> Signal {
        let custom = if let Self::Custom { kind, .. } = self { Some(*kind) } else { None };
        let built_in = self.effect_type().map(SignalKind::effect);
        let kind = custom.or(built_in).unwrap_or(SignalKind::HANDLER_CHANGED);
        Signal { kind, role: self.role() }
    }

    /// The role that it concerns, for effects that have one.
    #[must_use]
    pub fn role(&self) -> Option<SignalRole> {
        match self {
            Self::ParticipantRemoved { role, .. } => Some(SignalRole::from(*role)),
            Self::NoticeDue(notice) | Self::NoticeUndeliverable { notice, .. } => Some(notice.to),
            Self::SessionOpened
            | Self::SessionActivated
            | Self::SessionRequeued
            | Self::SessionInactivated
            | Self::SessionEnded
            | Self::BotSessionEnded
            | Self::ConversationEnded
            | Self::ClientRefused { .. }
            | Self::TransferRequested { .. }
            | Self::SessionTagged { .. }
            | Self::Custom { .. } => None,
        }
    }
}

/// What became of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Applied, a repeat, or refused.
    pub outcome: Outcome,
    /// How much older it was than the conversation's latest instant, at which it was applied (C4), in milliseconds.
    pub late_by: i64,
    /// Everything that happened: first what the clock did on the way, then what the event did.
    pub effects: Vec<Effect>,
    /// The timers that ran out on the way, in the order of decision; some have no effects. None for a repeat.
    pub lapses: Vec<Lapse>,
}

/// An answer, and what of it came of the clock alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// The answer.
    pub answer: Answer,
    /// How many of its effects, from the front, the clock had on the way to the event; the others are the event's own.
    pub lapsed_effects: usize,
}

/// The kinds of answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It counted.
    Applied,
    /// Its id was known: nothing changed, and the effects are those of the first time (C5).
    Duplicate,
    /// It was not taken.
    Refused(Refusal),
}

/// Why an event was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// L7, L8, T2 to T4.
    #[error("new conversation required")]
    NewConversationRequired,
    /// L7: only the business's side gets this.
    #[error("no open session")]
    NoOpenSession,
    /// L14.
    #[error("unknown conversation")]
    UnknownConversation,
    /// L10.
    #[error("the channel `{0}` is not governed")]
    NotGoverned(Name),
    /// No such channel.
    #[error("unknown channel `{channel}`{}", suggestion(.meant.as_deref()))]
    UnknownChannel {
        /// What was said.
        channel: Name,
        /// What was probably meant.
        meant: Option<Name>,
    },
    /// The first event of a conversation names its channel.
    #[error("the first event of a conversation needs a `channel`")]
    NoChannel,
    /// A conversation stays on its channel.
    #[error("the conversation is on channel `{held}`, the event names `{named}`")]
    OtherChannel {
        /// The conversation's.
        held: Name,
        /// The event's.
        named: Name,
    },
    /// A fact that `[facts]` does not declare.
    #[error("`{name}` is not declared under `[facts]`{}", suggestion(.meant.as_deref()))]
    UnknownFact {
        /// What was said.
        name: Name,
        /// What was probably meant.
        meant: Option<Name>,
    },
    /// A fact of another type than declared, or a text outside its closed list.
    #[error("`{name}` must be {expected}")]
    WrongFact {
        /// The fact.
        name: Name,
        /// What it must be.
        expected: Name,
    },
    /// The event's type needs a role that it does not have, or has one that does not fit.
    #[error("`{kind}` needs `{field}` to be one of {allowed}")]
    WrongRole {
        /// The type.
        kind: Name,
        /// `role`, or `by` for `session.started`.
        field: &'static str,
        /// What would fit.
        allowed: Name,
    },
}

fn suggestion(meant: Option<&str>) -> String {
    meant.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}
