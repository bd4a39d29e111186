//! What Wane must decide, written a second time: sections 2 to 4 of `docs/semantics.md` for the stock rules, as plainly as
//! they can be said.
//!
//! Everything that the engine reads from rule files is written out here: hours, bots, tokens. No code is shared with the
//! engine but the types of events, so that a misreading would have to happen twice to go unnoticed. [`compare`] holds the
//! two against each other.

pub mod clock;
pub mod compare;
mod conversation;
mod kinds;
mod meaning;
pub mod view;

use std::collections::BTreeMap;

use wane_core::event::Event;

use clock::Lengths;
use conversation::Conversation;
pub use view::{Line, Reply, View};

/// What an admin can set about the four timeouts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Settings {
    /// Customer inactivity, in minutes; off by default (T9).
    pub inactivity: Option<i64>,
    /// An inactive session wakes straight to `active` (L4).
    pub wake_to_active: bool,
    /// The organisation counts capacity by status (T15).
    pub status_based_capacity: bool,
    /// How long everything lasts; only a test of the tests changes this.
    pub lengths: Lengths,
}

/// All conversations.
#[derive(Clone, Debug)]
pub struct Model {
    settings: Settings,
    conversations: BTreeMap<String, Conversation>,
}

const GOVERNED: [&str; 8] = ["web", "in-app", "whatsapp", "messenger", "sms", "apple", "line", "byoc"];
const NOT_GOVERNED: [&str; 3] = ["standard-whatsapp", "standard-messenger", "standard-sms"];

impl Model {
    /// A model that has heard of no conversation.
    #[must_use]
    pub const fn new(settings: Settings) -> Self {
        Self { settings, conversations: BTreeMap::new() }
    }

    /// Lets everything lapse in a conversation that is due at or before `now` (C2, C3).
    pub fn tick(&mut self, conversation: &str, now: i64) -> Vec<Line> {
        self.conversations.get_mut(conversation).map(|found| found.tick(now)).unwrap_or_default()
    }

    /// One event, delivered at `now`.
    pub fn event(&mut self, now: i64, event: &Event) -> Reply {
        if let Some(channel) = event.channel.as_deref() {
            if NOT_GOVERNED.contains(&channel) {
                return Reply::refused("not governed");
            }
            if !GOVERNED.contains(&channel) {
                return Reply::refused("unknown channel");
            }
        }
        if let Some(known) = self.conversations.get_mut(&*event.conversation) {
            return known.event(now, event);
        }
        self.first_event(now, event)
    }

    /// L14: only a start, or something that the customer says, makes a conversation.
    fn first_event(&mut self, now: i64, event: &Event) -> Reply {
        let Some(channel) = event.channel.as_deref() else { return Reply::refused("no channel") };
        if !kinds::opens(event) {
            return Reply::refused("unknown conversation");
        }
        let sent = event.at.map_or(now, |at| at.millis()).min(now);
        let mut new = Conversation::new(self.settings, channel, sent);
        let reply = new.event(now, event);
        self.conversations.insert(event.conversation.to_string(), new);
        reply
    }

    /// How a conversation stands; `None` when it is unknown.
    #[must_use]
    pub fn view(&self, conversation: &str) -> Option<View> {
        self.conversations.get(conversation).map(Conversation::view)
    }

    /// The next deadline of a conversation.
    #[must_use]
    pub fn next_deadline(&self, conversation: &str) -> Option<i64> {
        self.conversations.get(conversation).and_then(Conversation::next_deadline)
    }
}
