//! What every request handler can reach.

use std::ops::Deref;
use std::sync::Arc;

use tokio::sync::watch;
use wane_plugin_host::Host;

use crate::client::Relay;
use crate::clock::Clock;
use crate::config::Config;
use crate::delivery::Delivery;
use crate::desk::Desk;
use crate::follow::Ended;
use crate::http::webhook::ChannelState;
use crate::metrics::Metrics;
use crate::node::Node;
use crate::tokens::Tokens;

/// The running daemon, shared by everything in it.
#[derive(Clone, Debug)]
pub struct App(Arc<Parts>);

/// The parts of the daemon.
#[derive(Debug)]
#[expect(missing_docs, reason = "each type says what it is")]
pub struct Parts {
    pub config: Config,
    pub clock: Clock,
    pub node: Node,
    pub tokens: Tokens,
    pub plugins: Host,
    pub metrics: Arc<Metrics>,
    pub desk: Desk,
    pub delivery: Delivery,
    pub relay: Relay,
    pub ended: Arc<Ended>,
    pub channels: ChannelState,
    pub stop: Stop,
}

impl App {
    /// Holds the parts together.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// The word that the daemon is to stop: the listener takes nothing new, streams and long polls end.
#[derive(Clone, Debug)]
pub struct Stop(Arc<watch::Sender<bool>>);

impl Default for Stop {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Stop {
    /// Says it. To say it again changes nothing.
    pub fn now(&self) {
        self.0.send_replace(true);
    }

    /// Whether it was said.
    #[must_use]
    pub fn is_said(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns when it is said; at once when it was.
    pub async fn said(&self) {
        // The sender lives as long as `self`, so this does not fail.
        let _ = self.0.subscribe().wait_for(|said| *said).await;
    }
}
