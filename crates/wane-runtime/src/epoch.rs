//! What happens to all conversations at once: a ruleset is put in force, or the service was down.
//!
//! Each conversation catches up when it is touched next, in order and at the instants of the happenings, so that nobody
//! waits for ten million of them. Nothing else happens to a conversation in between, so late is the same as at once.

use std::sync::Arc;

use wane_core::engine::Engine;
use wane_core::time::Timestamp;
use wane_wire::record::Ordinal;

/// One happening.
#[derive(Clone, Debug)]
pub enum Epoch {
    /// Rules were put in force.
    Rules {
        /// Their number in the log.
        ordinal: Ordinal,
        /// When.
        now: Timestamp,
        /// The engine that decides by them.
        engine: Arc<Engine>,
    },
    /// The service took no messages.
    Outage {
        /// From.
        from: Timestamp,
        /// Until.
        now: Timestamp,
    },
}
