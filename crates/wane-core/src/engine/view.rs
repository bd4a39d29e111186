//! Looking at a conversation as a predicate would, without changing it: for explanations (R6).

use super::Engine;
use super::work::Work;
use crate::facts::Facts;
use crate::session::Conversation;
use crate::signal::SignalKind;
use crate::time::Timestamp;

impl Engine {
    /// What predicates would see of a conversation at an instant, the facts of the clock included.
    #[must_use]
    pub fn facts_at(&self, conversation: &Conversation, at: Timestamp) -> Facts {
        let mut state = conversation.clone();
        let mut work = Work::new(self, &mut state, SignalKind::HANDLER_CHANGED);
        work.at = at;
        work.mirror();
        work.fill_clock_facts();
        state.facts
    }
}
