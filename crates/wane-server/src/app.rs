//! What every request handler can reach.

use std::ops::Deref;
use std::sync::Arc;

use wane_plugin_host::Host;

use crate::client::Relay;
use crate::clock::Clock;
use crate::config::Config;
use crate::delivery::Delivery;
use crate::desk::Desk;
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
    pub metrics: Metrics,
    pub desk: Desk,
    pub delivery: Delivery,
    pub relay: Relay,
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
