//! The engine: the only place that changes a conversation. `step(now, event)` returns effects.

use std::sync::Arc;

use crate::effect::{Answer, Effect, Outcome, Refusal};
use crate::event::Event;
use crate::ruleset::Ruleset;
use crate::session::Conversation;
use crate::time::Timestamp;

/// A ruleset in force. Holds no state of conversations; the same one serves all of them.
#[derive(Clone, Debug)]
pub struct Engine {
    rules: Arc<Ruleset>,
}

impl Engine {
    /// An engine that decides by these rules.
    #[must_use]
    pub const fn new(rules: Arc<Ruleset>) -> Self {
        Self { rules }
    }

    /// The rules it decides by.
    #[must_use]
    pub const fn rules(&self) -> &Arc<Ruleset> {
        &self.rules
    }

    /// Applies one event at the instant `now`. `None` as the conversation is one that was never heard of.
    ///
    /// The clock goes first (C2): what is due at or before the event's instant lapses before the event applies.
    pub fn step(&self, conversation: &mut Option<Conversation>, now: Timestamp, event: &Event) -> Answer {
        let _ = (conversation, now, event);
        Answer { outcome: Outcome::Refused(Refusal::UnknownConversation), late_by: 0, effects: Vec::new() }
    }

    /// Moves the clock: everything that is due at or before `now` lapses, in the order of the deadlines (C3).
    pub fn advance(&self, conversation: &mut Conversation, now: Timestamp) -> Vec<Effect> {
        let _ = (conversation, now);
        Vec::new()
    }

    /// The same when the service took no messages from `from` until `now`: timers with `outage = "extend"` get that time
    /// back, and warnings whose lapse fell into it too are not sent any more.
    pub fn resume(&self, conversation: &mut Conversation, from: Timestamp, now: Timestamp) -> Vec<Effect> {
        let _ = from;
        self.advance(conversation, now)
    }

    /// The instant at which [`Engine::advance`] next has something to do; `None` while nothing runs.
    #[must_use]
    pub fn next_wake(&self, conversation: &Conversation) -> Option<Timestamp> {
        let _ = conversation;
        None
    }

    /// Takes over a conversation that another ruleset decided until now (R5): timers are matched by name; they keep
    /// their deadline, or are chosen again with their anchor kept, as their new declaration says.
    pub fn adopt(&self, conversation: &mut Conversation, before: &Ruleset, now: Timestamp) {
        let _ = (conversation, before, now);
    }
}
