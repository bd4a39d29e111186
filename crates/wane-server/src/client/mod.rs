//! The web and in-app API: what clients of the Messaging for In-App and Web API v2 speak.
//!
//! [`token`] is who a client is, [`asked`] how it comes by one, [`by_hand`] the same without a daemon; [`identity`] checks what it says of a signed-in customer; [`routes`] are the requests;
//! [`stream`] is what it hears, made from the log by [`frame`]; [`state`] is who has which conversation, and comes back after a
//! restart by [`saved`]; [`door`] is what browsers ask before. Expiry is a decision of the rules: a token that is past its
//! time is taken, and what comes of it is the engine's answer. Texts of messages are handed on while somebody may still
//! hear them and kept in memory only, bounded; Wane is no transcript. Described for people in `docs/client-api.md`.

mod asked;
pub mod by_hand;
mod door;
mod frame;
mod identity;
mod routes;
mod saved;
mod state;
mod stream;
mod token;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use wane_wire::record::Sequence;

use crate::config::Config;
use crate::http::rate::Buckets;
use crate::serve::ServeError;
use identity::Identities;
use state::State;
use token::Tokens;

pub use door::door;
pub use routes::routes;
pub use saved::keep;
pub use state::Reach;
pub use stream::run;

/// How long is waited, right after a start, until it is known whose the conversations are.
const KNOWN_WITHIN: Duration = Duration::from_secs(5);

/// The log was not followed far enough to say who listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is not known yet how the customer can be reached")]
pub struct Behind;

/// The relay between clients and the log.
pub struct Relay {
    tokens: Tokens,
    identities: Identities,
    state: Mutex<State>,
    /// How often an address may ask for tokens.
    issuing: Buckets,
    /// How many streams may still be opened.
    streams: Arc<Semaphore>,
    /// Whether it is known again whose the conversations are.
    knows: watch::Sender<bool>,
    /// Up to where the log was followed.
    followed: watch::Sender<Sequence>,
}

impl fmt::Debug for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relay").field("state", &*self.state()).finish_non_exhaustive()
    }
}

impl Relay {
    /// The relay of a configuration; its signing key is read, or made and kept in the data directory.
    ///
    /// # Errors
    /// [`ServeError`] for a key or a set of keys that can not be read.
    pub fn open(config: &Config) -> Result<Self, ServeError> {
        let streams = usize::try_from(config.client.streams).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        Ok(Self {
            tokens: Tokens::open(config)?,
            identities: Identities::open(&config.client)?,
            state: Mutex::new(State::new(config.delivery.templates.clone())),
            issuing: Buckets::new(config.client.tokens),
            streams: Arc::new(Semaphore::new(streams)),
            knows: watch::Sender::new(false),
            followed: watch::Sender::new(Sequence(0)),
        })
    }

    /// How the customer of a client's conversation can be reached, as far as the log says it up to that block; `None` when
    /// it is not a client's, or forgotten.
    ///
    /// # Errors
    /// [`Behind`] when the log was not followed up to there in time.
    pub async fn reach(&self, conversation: &str, after: Sequence) -> Result<Option<Reach>, Behind> {
        let mut followed = self.followed.subscribe();
        let there = tokio::time::timeout(KNOWN_WITHIN, followed.wait_for(|through| *through >= after)).await;
        there.map_err(|_| Behind)?.map_err(|_| Behind)?;
        Ok(self.state().reach(conversation))
    }

    /// Whether a client's customer closed the conversation for good.
    pub fn is_closed(&self, conversation: &str) -> bool {
        self.state().is_closed(conversation)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // What a panicking thread left half done is a memory of who listens, at worst.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
