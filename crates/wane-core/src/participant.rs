//! Who takes part in a session, and who of them handles it.
//!
//! Words and precedence: semantics, section 1. The set of present participants is in [`crate::session`].

/// The kind of a participant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Role {
    /// The person who wants something.
    Customer,
    /// A human service representative.
    Rep,
    /// A scripted bot.
    Bot,
    /// An autonomous AI service agent.
    Agent,
}

impl Role {
    /// All roles, in the order of their declaration.
    pub const ALL: [Self; 4] = [Self::Customer, Self::Rep, Self::Bot, Self::Agent];
    /// The roles that can handle a session, in the order in which an end removes them (L9).
    pub const HANDLERS: [Self; 3] = [Self::Rep, Self::Agent, Self::Bot];

    /// The word used in files and on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Rep => "rep",
            Self::Bot => "bot",
            Self::Agent => "agent",
        }
    }

    /// The role of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// Who handles a session: a rep if one is present, else an agent, else a bot, else nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Handler {
    /// Nobody is present.
    #[default]
    None,
    /// A bot, and neither an agent nor a rep.
    Bot,
    /// An agent, and no rep.
    Agent,
    /// A rep.
    Rep,
}

impl Handler {
    /// All handlers, weakest first.
    pub const ALL: [Self; 4] = [Self::None, Self::Bot, Self::Agent, Self::Rep];

    /// The word used in files and on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Bot => "bot",
            Self::Agent => "agent",
            Self::Rep => "rep",
        }
    }

    /// The handler of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|handler| handler.name() == name)
    }

    /// The handler that a role can be; a customer handles nothing.
    #[must_use]
    pub const fn of(role: Role) -> Self {
        match role {
            Role::Customer => Self::None,
            Role::Rep => Self::Rep,
            Role::Bot => Self::Bot,
            Role::Agent => Self::Agent,
        }
    }
}
