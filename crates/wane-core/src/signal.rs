//! What timers listen to: events from outside, the engine's own effects, and an organisation's `x.` names, all as
//! signals; and the selectors of the rule files that pick among them.
//!
//! Nothing here acts. Which timer does what on a signal is compiled into [`crate::ruleset::Ruleset::reactions`].

use crate::participant::{Handler, Role};

macro_rules! named_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $name { $($(#[$vmeta])* $variant,)+ }

        impl $name {
            /// All of them, in the order of their declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word used in files and on the wire.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// The one of that name.
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

named_enum! {
    /// The type of an event from outside.
    EventType {
        /// A session is opened by the channel, the customer's client or the business.
        SessionStarted = "session.started",
        /// A rep, the customer or a partner system ends the session.
        SessionClosed = "session.closed",
        /// A rep sets the session inactive by hand.
        SessionParked = "session.parked",
        /// A channel authorization token was issued for the conversation.
        TokenIssued = "token.issued",
        /// The token was taken back.
        TokenRevoked = "token.revoked",
        /// The customer's client connected.
        ClientConnected = "client.connected",
        /// Somebody wrote.
        Message = "message",
        /// Somebody pressed a button.
        Postback = "postback",
        /// A reaction to a message.
        Reaction = "reaction",
        /// A message was edited.
        Edit = "edit",
        /// A message was taken back.
        Unsend = "unsend",
        /// Somebody is typing.
        Typing = "typing",
        /// A receipt: sent, delivered, read or failed.
        Receipt = "receipt",
        /// A participant came.
        ParticipantJoined = "participant.joined",
        /// A participant went.
        ParticipantLeft = "participant.left",
        /// Facts about the conversation changed.
        AttributesChanged = "attributes.changed",
        /// The session was put on hold.
        HoldStarted = "hold.started",
        /// The hold is over.
        HoldEnded = "hold.ended",
        /// The customer asked to get nothing any more.
        OptOut = "opt.out",
        /// The customer takes that back.
        OptIn = "opt.in",
        /// The session passed from its handler to another.
        Handover = "handover",
        /// The customer's identity changed.
        IdentityChanged = "identity.changed",
    }
}

named_enum! {
    /// The type of an effect.
    EffectType {
        /// A conversation got a new open session.
        SessionOpened = "session.opened",
        /// The session became active.
        SessionActivated = "session.activated",
        /// The session waits for a handler; routing is asked for.
        SessionRequeued = "session.requeued",
        /// The session became inactive.
        SessionInactivated = "session.inactivated",
        /// The session ended.
        SessionEnded = "session.ended",
        /// The bot session ended.
        BotSessionEnded = "bot_session.ended",
        /// The conversation ended.
        ConversationEnded = "conversation.ended",
        /// The engine removed a participant.
        ParticipantRemoved = "participant.removed",
        /// The client's request is refused.
        ClientRefused = "client.refused",
        /// A notice is to be sent.
        NoticeDue = "notice.due",
        /// A notice was due but can not be sent.
        NoticeUndeliverable = "notice.undeliverable",
        /// A transfer to a queue is asked for.
        TransferRequested = "transfer.requested",
        /// The session gets a tag.
        SessionTagged = "session.tagged",
    }
}

impl EventType {
    /// Whether such an event, by that role, is the customer's client communicating with the server (section 1).
    #[must_use]
    pub fn is_contact(self, role: Option<Role>) -> bool {
        match self {
            Self::ClientConnected | Self::TokenIssued => true,
            Self::Message
            | Self::Postback
            | Self::Reaction
            | Self::Edit
            | Self::Unsend
            | Self::Typing
            | Self::Receipt => role == Some(Role::Customer),
            Self::SessionStarted
            | Self::SessionClosed
            | Self::SessionParked
            | Self::TokenRevoked
            | Self::ParticipantJoined
            | Self::ParticipantLeft
            | Self::AttributesChanged
            | Self::HoldStarted
            | Self::HoldEnded
            | Self::OptOut
            | Self::OptIn
            | Self::Handover
            | Self::IdentityChanged => false,
        }
    }

    /// The roles that such an event can carry; empty when it has none.
    #[must_use]
    pub const fn roles(self) -> &'static [SignalRole] {
        use SignalRole as R;
        match self {
            Self::SessionStarted => &[R::Customer, R::Business],
            Self::SessionClosed | Self::SessionParked => &[R::Customer, R::Rep, R::Bot, R::Agent],
            Self::Message
            | Self::Postback
            | Self::Reaction
            | Self::Edit
            | Self::Unsend
            | Self::Typing
            | Self::Receipt
            | Self::ParticipantJoined
            | Self::ParticipantLeft => &[R::Customer, R::Rep, R::Bot, R::Agent],
            Self::Handover => &[R::Rep, R::Bot, R::Agent],
            Self::TokenIssued
            | Self::TokenRevoked
            | Self::ClientConnected
            | Self::AttributesChanged
            | Self::HoldStarted
            | Self::HoldEnded
            | Self::OptOut
            | Self::OptIn
            | Self::IdentityChanged => &[],
        }
    }
}

impl EffectType {
    /// The roles that such an effect can carry; empty when it has none.
    #[must_use]
    pub const fn roles(self) -> &'static [SignalRole] {
        use SignalRole as R;
        match self {
            Self::ParticipantRemoved => &[R::Rep, R::Bot, R::Agent],
            Self::NoticeDue | Self::NoticeUndeliverable => &[R::Customer, R::Rep, R::Bot, R::Agent, R::Everyone],
            Self::SessionOpened
            | Self::SessionActivated
            | Self::SessionRequeued
            | Self::SessionInactivated
            | Self::SessionEnded
            | Self::BotSessionEnded
            | Self::ConversationEnded
            | Self::ClientRefused
            | Self::TransferRequested
            | Self::SessionTagged => &[],
        }
    }
}

named_enum! {
    /// The role part of a selector: `message:customer`, `session.started:business`, `handler.changed:none`.
    SignalRole {
        /// The customer.
        Customer = "customer",
        /// A rep.
        Rep = "rep",
        /// A bot.
        Bot = "bot",
        /// An agent.
        Agent = "agent",
        /// The business: only of `session.started`.
        Business = "business",
        /// Nobody: only of `handler.changed`.
        None = "none",
        /// Everyone: only of notices.
        Everyone = "everyone",
    }
}

impl From<Role> for SignalRole {
    fn from(role: Role) -> Self {
        match role {
            Role::Customer => Self::Customer,
            Role::Rep => Self::Rep,
            Role::Bot => Self::Bot,
            Role::Agent => Self::Agent,
        }
    }
}

impl From<Handler> for SignalRole {
    fn from(handler: Handler) -> Self {
        match handler {
            Handler::None => Self::None,
            Handler::Bot => Self::Bot,
            Handler::Agent => Self::Agent,
            Handler::Rep => Self::Rep,
        }
    }
}

/// The roles a handler change can carry.
pub const HANDLER_CHANGED_ROLES: &[SignalRole] =
    &[SignalRole::Rep, SignalRole::Bot, SignalRole::Agent, SignalRole::None];

/// The name of the engine's own event for a change of the handler.
pub const HANDLER_CHANGED: &str = "handler.changed";

/// A dense number for everything a selector can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SignalKind(u16);

const EVENTS: u16 = 22;
const EFFECTS: u16 = 13;

impl SignalKind {
    /// The number of kinds that every ruleset has; an organisation's own names count on from here.
    pub const BUILT_IN: u16 = EVENTS + EFFECTS + 1;

    /// `handler.changed`.
    pub const HANDLER_CHANGED: Self = Self(EVENTS + EFFECTS);

    /// The kind of an event type.
    #[must_use]
    pub const fn event(kind: EventType) -> Self {
        Self(kind as u16)
    }

    /// The kind of an effect type.
    #[must_use]
    pub const fn effect(kind: EffectType) -> Self {
        Self(EVENTS + kind as u16)
    }

    /// The kind of the `index`-th own name (`x.…`) of a ruleset.
    #[must_use]
    pub const fn custom(index: u16) -> Self {
        Self(Self::BUILT_IN + index)
    }

    /// The number, for tables.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The number, to be kept outside; means the same kind as long as the ruleset is the same.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }

    /// The kind of that number. Every number is one, if only of an own name that no selector has.
    #[must_use]
    pub const fn from_number(number: u16) -> Self {
        Self(number)
    }
}

/// A set of [`SignalRole`]s, and whether a signal without a role fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleMask(u8);

impl RoleMask {
    /// Every role, and none.
    pub const ANY: Self = Self(u8::MAX);
    const NO_ROLE: u8 = 1 << 7;

    /// Exactly that role.
    #[must_use]
    pub const fn only(role: SignalRole) -> Self {
        Self(1 << role as u8)
    }

    /// Whether a signal with that role, or without one, fits.
    #[must_use]
    pub const fn fits(self, role: Option<SignalRole>) -> bool {
        let bit = match role {
            Some(role) => 1 << role as u8,
            None => Self::NO_ROLE,
        };
        self.0 & bit != 0
    }

    /// Both sets together.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// One selector of a rule file, groups already resolved: a kind of signal and the roles that fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Selector {
    /// What it listens to.
    pub kind: SignalKind,
    /// Whose.
    pub roles: RoleMask,
}

/// Something that happened, in the form that selectors look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signal {
    /// What.
    pub kind: SignalKind,
    /// Whose; `None` when it has no role.
    pub role: Option<SignalRole>,
}

impl Selector {
    /// Whether the signal is one of those that this selector names.
    #[must_use]
    pub fn fits(self, signal: Signal) -> bool {
        self.kind == signal.kind && self.roles.fits(signal.role)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counts_of_kinds_are_those_of_the_enums() {
        assert_eq!(usize::from(EVENTS), EventType::ALL.len());
        assert_eq!(usize::from(EFFECTS), EffectType::ALL.len());
    }
}
