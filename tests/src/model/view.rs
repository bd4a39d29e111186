//! The neutral form in which the model's and the engine's answers are compared.

use std::collections::BTreeMap;

/// One effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its instant.
    pub at: i64,
    /// Type, role or reason, and the timer behind it: `participant.removed rep <- bot`.
    pub what: String,
}

/// What became of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// `applied`, `duplicate`, or why it was refused.
    pub outcome: &'static str,
    /// How late it was, in milliseconds (C4).
    pub late_by: i64,
    /// What happened.
    pub effects: Vec<Line>,
}

impl Reply {
    /// Not taken, and nothing happened.
    #[must_use]
    pub const fn refused(why: &'static str) -> Self {
        Self { outcome: why, late_by: 0, effects: Vec::new() }
    }
}

/// How a conversation stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// Whether the conversation is over.
    pub ended: bool,
    /// How many sessions there were.
    pub sessions: u32,
    /// The open session's status, or `ended`.
    pub status: &'static str,
    /// Who handles it.
    pub handler: &'static str,
    /// Who is present, sorted.
    pub present: Vec<&'static str>,
    /// Whether there is a bot session.
    pub bot_session: bool,
    /// By timer: its deadline, `lapsed`, or `stopped`.
    pub timers: BTreeMap<&'static str, String>,
    /// The latest instant (C4).
    pub latest: i64,
}
