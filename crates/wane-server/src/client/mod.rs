//! The web and in-app API: what clients of the Messaging for In-App and Web API v2 speak.
//!
//! [`token`] is who a client is; [`identity`] checks what it says of a signed-in customer; [`routes`] are the requests;
//! [`stream`] is what it hears, made from the log by [`frame`]. Expiry is a decision of the rules: a token that is past its
//! time is taken, and what comes of it is the engine's answer. Texts of messages are handed on while somebody may still
//! hear them and kept in memory only, bounded; Wane is no transcript.

mod frame;
mod identity;
mod routes;
mod stream;
mod token;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::broadcast;

use crate::config::Config;
use crate::serve::ServeError;
use frame::Frame;
use identity::Identities;
use token::Tokens;

pub use routes::routes;
pub use stream::run;

/// Conversations whose texts are held, and how many of each.
const TEXTS: usize = 10_000;
/// Subjects that are known; the least recently bound one goes first.
const SUBJECTS: usize = 200_000;
/// Frames that a slow stream may be behind before it has to resume.
const BEHIND: usize = 256;

/// The relay between clients and the log.
pub struct Relay {
    tokens: Tokens,
    identities: Identities,
    state: Mutex<State>,
}

/// Who has which conversation, who listens, and recent texts.
#[derive(Default)]
struct State {
    owners: BTreeMap<Arc<str>, Arc<str>>,
    subjects: BTreeMap<Arc<str>, Subject>,
    order: VecDeque<(Arc<str>, Arc<str>)>,
    /// Tokens that the log knows for a conversation.
    noted: BTreeSet<(Arc<str>, Arc<str>)>,
    texts: BTreeMap<(String, String), String>,
    texts_order: VecDeque<(String, String)>,
}

struct Subject {
    conversations: BTreeSet<Arc<str>>,
    frames: broadcast::Sender<Frame>,
}

impl fmt::Debug for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relay").field("subjects", &self.state().subjects.len()).finish_non_exhaustive()
    }
}

impl Relay {
    /// The relay of a configuration; its signing key is read, or made and kept in the data directory.
    ///
    /// # Errors
    /// [`ServeError`] for a key or a set of keys that can not be read.
    pub fn open(config: &Config) -> Result<Self, ServeError> {
        let tokens = Tokens::open(config)?;
        let identities = Identities::open(&config.client)?;
        Ok(Self { tokens, identities, state: Mutex::default() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // What a panicking thread left half done is a memory of who listens, at worst.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The conversation is that subject's.
    fn bind(&mut self, conversation: &str, subject: &str) {
        if self.owners.contains_key(conversation) {
            return;
        }
        let (conversation, subject): (Arc<str>, Arc<str>) = (conversation.into(), subject.into());
        self.owners.insert(Arc::clone(&conversation), Arc::clone(&subject));
        self.subject(&subject).conversations.insert(Arc::clone(&conversation));
        self.order.push_back((conversation, subject));
        while self.order.len() > SUBJECTS {
            let Some((conversation, subject)) = self.order.pop_front() else { break };
            self.release(&conversation, &subject);
        }
    }

    fn release(&mut self, conversation: &Arc<str>, subject: &Arc<str>) {
        self.owners.remove(conversation);
        let Some(held) = self.subjects.get_mut(subject) else { return };
        held.conversations.remove(conversation);
        if held.conversations.is_empty() && held.frames.receiver_count() == 0 {
            self.subjects.remove(subject);
        }
    }

    fn subject(&mut self, subject: &Arc<str>) -> &mut Subject {
        let fresh = || Subject { conversations: BTreeSet::new(), frames: broadcast::Sender::new(BEHIND) };
        self.subjects.entry(Arc::clone(subject)).or_insert_with(fresh)
    }

    fn note_token(&mut self, conversation: &str, token: &str) {
        self.noted.insert((conversation.into(), token.into()));
        while self.noted.len() > SUBJECTS {
            self.noted.pop_first();
        }
    }

    fn is_noted(&self, conversation: &str, token: &str) -> bool {
        self.noted.contains(&(Arc::from(conversation), Arc::from(token)))
    }

    fn keep_text(&mut self, conversation: &str, message: &str, text: String) {
        let key = (conversation.to_owned(), message.to_owned());
        if self.texts.insert(key.clone(), text).is_none() {
            self.texts_order.push_back(key);
        }
        while self.texts_order.len() > TEXTS {
            let Some(old) = self.texts_order.pop_front() else { break };
            self.texts.remove(&old);
        }
    }

    fn text(&self, conversation: &str, message: &str) -> String {
        self.texts.get(&(conversation.to_owned(), message.to_owned())).cloned().unwrap_or_default()
    }
}
