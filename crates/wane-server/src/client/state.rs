//! Who has which conversation, who listens, and recent texts; bounded.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::sync::Arc;

use tokio::sync::broadcast;
use wane_wire::record::Sequence;

use super::frame::Frame;

/// Texts of messages that are held, in bytes; the oldest go first.
const TEXTS: usize = 32 << 20;
/// Conversations whose owners are known without asking the log; the one that was bound first goes first. As many tokens.
const OWNERS: usize = 200_000;
/// Frames that a slow stream may be behind before it has to resume.
const BEHIND: usize = 256;

/// What the relay remembers.
pub(super) struct State {
    pub(super) owners: BTreeMap<Arc<str>, Owned>,
    pub(super) subjects: BTreeMap<Arc<str>, Subject>,
    /// The conversations in the order in which they were bound.
    pub(super) order: VecDeque<Arc<str>>,
    /// Tokens that the log knows for a conversation.
    noted: BTreeSet<(Arc<str>, Arc<str>)>,
    /// Tokens that were revoked.
    pub(super) revoked: BTreeSet<Arc<str>>,
    texts: BTreeMap<(String, String), String>,
    texts_order: VecDeque<(String, String)>,
    texts_bytes: usize,
    /// The texts of notices by their templates.
    templates: BTreeMap<String, String>,
    /// Up to where the log was followed, and up to where the last snapshot says so.
    pub(super) through: Sequence,
    pub(super) saved: Sequence,
}

/// A conversation of a client.
pub(super) struct Owned {
    pub(super) subject: Arc<str>,
    /// The customer closed it for good.
    pub(super) closed: bool,
}

/// A customer, signed in or not.
pub(super) struct Subject {
    pub(super) conversations: BTreeSet<Arc<str>>,
    pub(super) frames: broadcast::Sender<Frame>,
    /// The device of the latest token, where an app named one.
    pub(super) device: Option<Arc<str>>,
}

/// How a client's customer can be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The subject of the client's tokens.
    pub subject: Arc<str>,
    /// Whether a stream of it is open.
    pub stream_open: bool,
    /// The device that an app named.
    pub device: Option<Arc<str>>,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").field("owners", &self.owners.len()).finish_non_exhaustive()
    }
}

impl State {
    pub(super) const fn new(templates: BTreeMap<String, String>) -> Self {
        Self {
            owners: BTreeMap::new(),
            subjects: BTreeMap::new(),
            order: VecDeque::new(),
            noted: BTreeSet::new(),
            revoked: BTreeSet::new(),
            texts: BTreeMap::new(),
            texts_order: VecDeque::new(),
            texts_bytes: 0,
            templates,
            through: Sequence(0),
            saved: Sequence(0),
        }
    }

    /// The conversation is that subject's, unless it is known to be another's.
    pub(super) fn bind(&mut self, conversation: &str, subject: &str) {
        if self.owners.contains_key(conversation) {
            return;
        }
        let (conversation, subject): (Arc<str>, Arc<str>) = (conversation.into(), subject.into());
        self.owners.insert(Arc::clone(&conversation), Owned { subject: Arc::clone(&subject), closed: false });
        self.subject(&subject).conversations.insert(Arc::clone(&conversation));
        self.order.push_back(conversation);
        while self.order.len() > OWNERS {
            let Some(oldest) = self.order.pop_front() else { break };
            self.release(&oldest);
        }
    }

    fn release(&mut self, conversation: &Arc<str>) {
        let Some(owned) = self.owners.remove(conversation) else { return };
        let Some(held) = self.subjects.get_mut(&owned.subject) else { return };
        held.conversations.remove(conversation);
        if held.conversations.is_empty() && held.frames.receiver_count() == 0 {
            self.subjects.remove(&owned.subject);
        }
    }

    /// Nobody of that name listens any more: without a conversation it need not be remembered.
    pub(super) fn left(&mut self, subject: &str) {
        let is_idle = |held: &Subject| held.conversations.is_empty() && held.frames.receiver_count() == 0;
        if self.subjects.get(subject).is_some_and(is_idle) {
            self.subjects.remove(subject);
        }
    }

    pub(super) fn close(&mut self, conversation: &str) {
        if let Some(owned) = self.owners.get_mut(conversation) {
            owned.closed = true;
        }
    }

    pub(super) fn is_closed(&self, conversation: &str) -> bool {
        self.owners.get(conversation).is_some_and(|owned| owned.closed)
    }

    /// Whose the conversation is, as far as is remembered.
    pub(super) fn owner(&self, conversation: &str) -> Option<&Arc<str>> {
        self.owners.get(conversation).map(|owned| &owned.subject)
    }

    pub(super) fn subject(&mut self, subject: &Arc<str>) -> &mut Subject {
        let fresh = || Subject { conversations: BTreeSet::new(), frames: broadcast::Sender::new(BEHIND), device: None };
        self.subjects.entry(Arc::clone(subject)).or_insert_with(fresh)
    }

    /// The customer of that conversation has this device now.
    pub(super) fn note_device(&mut self, conversation: &str, device: &str) {
        let subject = self.owners.get(conversation).map(|owned| Arc::clone(&owned.subject));
        if let Some(held) = subject.and_then(|subject| self.subjects.get_mut(&subject)) {
            held.device = Some(device.into());
        }
    }

    /// Whose the conversation is, as far as is remembered, and how its customer can be reached.
    pub(super) fn reach(&self, conversation: &str) -> Option<Reach> {
        let subject = Arc::clone(self.owner(conversation)?);
        let held = self.subjects.get(&subject)?;
        let (stream_open, device) = (held.frames.receiver_count() > 0, held.device.clone());
        Some(Reach { subject, stream_open, device })
    }

    pub(super) fn note_token(&mut self, conversation: &str, token: &str) {
        self.noted.insert((conversation.into(), token.into()));
        while self.noted.len() > OWNERS {
            self.noted.pop_first();
        }
    }

    pub(super) fn is_noted(&self, conversation: &str, token: &str) -> bool {
        self.noted.contains(&(Arc::from(conversation), Arc::from(token)))
    }

    pub(super) fn revoke(&mut self, token: &str) {
        self.revoked.insert(token.into());
        while self.revoked.len() > OWNERS {
            self.revoked.pop_first();
        }
    }

    pub(super) fn is_revoked(&self, token: &str) -> bool {
        self.revoked.contains(token)
    }

    /// Keeps the text of a message that was not seen before.
    pub(super) fn keep_text(&mut self, conversation: &str, message: &str, text: String) {
        let key = (conversation.to_owned(), message.to_owned());
        if self.texts.contains_key(&key) {
            return;
        }
        self.texts_bytes += text.len();
        self.texts.insert(key.clone(), text);
        self.texts_order.push_back(key);
        while self.texts_bytes > TEXTS {
            let Some(oldest) = self.texts_order.pop_front() else { break };
            self.texts_bytes -= self.texts.remove(&oldest).map_or(0, |text| text.len());
        }
    }

    /// The text of a message, as long as it is held; else nothing.
    pub(super) fn text(&self, conversation: &str, message: &str) -> String {
        self.texts.get(&(conversation.to_owned(), message.to_owned())).cloned().unwrap_or_default()
    }

    /// The text of a notice, when the configuration has one.
    pub(super) fn template(&self, name: &str) -> &str {
        self.templates.get(name).map_or("", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_owner_stays_and_the_oldest_conversations_go_first() {
        let mut state = State::new(BTreeMap::new());
        for number in 0..=OWNERS {
            state.bind(&format!("c{number}"), "guest:1");
            state.bind(&format!("c{number}"), "guest:2");
        }
        assert_eq!(state.owner("c0"), None);
        assert_eq!(state.owner("c1").map(|owner| &**owner), Some("guest:1"));
        assert_eq!(state.owners.len(), OWNERS);
        assert!(!state.subjects.contains_key("guest:2"));
    }

    #[test]
    fn texts_are_bounded_by_their_bytes_and_the_first_one_of_a_message_counts() {
        let mut state = State::new(BTreeMap::new());
        state.keep_text("c", "first", "one".to_owned());
        state.keep_text("c", "first", "two".to_owned());
        assert_eq!(state.text("c", "first"), "one");
        for number in 0..33 {
            state.keep_text("c", &number.to_string(), "x".repeat(1 << 20));
        }
        assert_eq!(state.text("c", "first"), "");
        assert_eq!(state.text("c", "32").len(), 1 << 20);
        assert!(state.texts_bytes <= TEXTS && state.texts.len() == state.texts_order.len());
    }
}
