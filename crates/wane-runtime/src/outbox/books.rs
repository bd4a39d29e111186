//! Counts of what became of effects. They balance, or something vanished.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

/// How many deliveries there were, and what they came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Books {
    /// All that were ever owed.
    pub enqueued: u64,
    /// Not decided yet.
    pub pending: u64,
    /// Taken by their receivers.
    pub delivered: u64,
    /// Given up; each can be retried by hand.
    pub dead: u64,
    /// Not to be delivered any more.
    pub cancelled: u64,
}

impl Books {
    /// Whether each delivery stands in one place: enqueued = pending + delivered + dead + cancelled.
    #[must_use]
    pub const fn balance(&self) -> bool {
        self.enqueued == self.pending + self.delivered + self.dead + self.cancelled
    }

    /// The same after the endpoint is removed: what was not delivered is cancelled.
    #[must_use]
    pub(super) const fn closed(self) -> Self {
        let cancelled = self.cancelled + self.pending + self.dead;
        Self { pending: 0, dead: 0, cancelled, ..self }
    }
}

impl AddAssign for Books {
    fn add_assign(&mut self, other: Self) {
        self.enqueued += other.enqueued;
        self.pending += other.pending;
        self.delivered += other.delivered;
        self.dead += other.dead;
        self.cancelled += other.cancelled;
    }
}
