//! The clocks of the stock rules: which there are, how long each takes, and how one stands.

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The clocks, in the order in which they are declared: at equal deadlines the earlier one goes first (C3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Which {
    /// The provider's window in which the business may write; nothing follows when it closes (X7).
    Window,
    /// The channel authorization token.
    Token,
    /// The bot timeout.
    Bot,
    /// The agent's expiry.
    Agent,
    /// Customer inactivity.
    Inactivity,
    /// The end of an inactive session.
    InactiveEnd,
    /// The end of a session that the business opened and nobody answered.
    Unanswered,
}

impl Which {
    /// Those that end with their session; the others belong to the conversation.
    pub const OF_SESSION: [Self; 5] = [Self::Bot, Self::Agent, Self::Inactivity, Self::InactiveEnd, Self::Unanswered];

    /// Those that the stock rules declare for every channel, with their names.
    pub const NAMED: [(Self, &'static str); 6] = [
        (Self::Token, "token"),
        (Self::Bot, "bot"),
        (Self::Agent, "agent"),
        (Self::Inactivity, "inactivity"),
        (Self::InactiveEnd, "inactive-end"),
        (Self::Unanswered, "unanswered"),
    ];

    /// The name in the rule files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Window => "window",
            Self::Token => "token",
            Self::Bot => "bot",
            Self::Agent => "agent",
            Self::Inactivity => "inactivity",
            Self::InactiveEnd => "inactive-end",
            Self::Unanswered => "unanswered",
        }
    }
}

/// How long the provider of a channel lets the business write after the customer did (X7).
#[must_use]
pub fn window(channel: &str) -> Option<i64> {
    match channel {
        "whatsapp" | "messenger" => Some(DAY),
        "line" => Some(MINUTE),
        "apple" => Some(3_650 * DAY),
        _ => None,
    }
}

/// How one clock stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clock {
    /// It does not run.
    #[default]
    Stopped,
    /// It runs.
    Running {
        /// What it counts from.
        anchor: i64,
        /// When it lapses.
        deadline: i64,
    },
    /// Its deadline came.
    Lapsed,
}

impl Clock {
    /// When it lapses, if it runs.
    #[must_use]
    pub const fn deadline(self) -> Option<i64> {
        match self {
            Self::Running { deadline, .. } => Some(deadline),
            Self::Stopped | Self::Lapsed => None,
        }
    }
}

/// How long each clock takes, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Lengths {
    /// T1, an authenticated customer's token.
    pub token_authenticated: i64,
    /// T1, anybody else's.
    pub token_unauthenticated: i64,
    /// T5.
    pub bot: i64,
    /// T7.
    pub agent: i64,
    /// L5.
    pub inactive_end: i64,
    /// T16.
    pub unanswered: i64,
    /// One of T9's minutes.
    pub minute: i64,
}

impl Lengths {
    /// Those of the statements.
    pub const SEED: Self = Self {
        token_authenticated: 6 * HOUR,
        token_unauthenticated: HOUR,
        bot: 2 * HOUR,
        agent: 72 * HOUR,
        inactive_end: DAY,
        unanswered: 48 * HOUR,
        minute: MINUTE,
    };
}

impl Default for Lengths {
    fn default() -> Self {
        Self::SEED
    }
}
