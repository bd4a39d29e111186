//! What a lapse, or the next contact after it, does: data, read from `on_lapse` and `do`.

use crate::facts::Name;
use crate::signal::{SignalKind, SignalRole};
use crate::timer::TimerId;

/// One reaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// End the session (L9).
    EndSession,
    /// End the bot session, if there is one.
    EndBotSession,
    /// End the conversation, and its session first.
    EndConversation,
    /// Set the session inactive.
    MarkInactive,
    /// Set the session active.
    MarkActive,
    /// Put the session back in the queue: waiting, reps released.
    Requeue,
    /// Remove whoever is present of that role: `remove-bot`, `remove-agent`, `remove-rep`.
    Remove(crate::participant::Role),
    /// Refuse the client's request; only where a client's event is being answered.
    RefuseClient,
    /// Send a notice.
    Notify(Notice),
    /// Emit an organisation's own event.
    Emit {
        /// `x.…`.
        name: Name,
        /// The same, as selectors see it.
        kind: SignalKind,
    },
    /// Ask for a transfer to a queue.
    Transfer(Name),
    /// Start a timer as one of its `restart_on` events would.
    Start(TimerId),
    /// Stop a timer.
    Stop(TimerId),
    /// Tag the session.
    Tag(Name),
}

/// A notice: which text, to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The template's name.
    pub template: Name,
    /// To whom: a role, or everyone.
    pub to: SignalRole,
}
