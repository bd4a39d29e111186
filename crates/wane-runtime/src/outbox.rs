//! The delivery schedule: which effect is owed to which endpoint, what is tried when, and what was given up.
//!
//! [`Outbox`] is a machine without input or output. Its lasting state is a fold over the log: effects are offered in the
//! order of the log, and the marks of deliveries are applied when they are read back from it, so that what a crash leaves
//! in the log is all there is to know. What is in flight lives in memory only and is tried again after a crash: at
//! least once, never in silence. The schedule is in [`schedule`], the stable keys in [`key`], one endpoint's part in
//! `queue`. Sockets, signatures and the reading of the log are `wane-server`'s.

mod books;
pub mod key;
mod queue;
pub mod schedule;
mod snapshot;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use wane_core::facts::Name;
use wane_core::time::Timestamp;
use wane_wire::record::{Address, DeliveryRecord, EffectRef, Mark};

use queue::Queue;

pub use books::Books;
pub use queue::{Health, Listed, State};
pub use snapshot::SnapshotError;

/// The limits of every endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How many attempts an endpoint gets at the same time; 8.
    pub concurrency: usize,
    /// How many deliveries an endpoint may have open before its cursor waits; 10 000. A record's effects are taken
    /// together, so it may be passed by as many as one record has.
    pub window: usize,
    /// How many dead letters an endpoint may gather before it gets nothing more until somebody looks; 100 000.
    pub dead: usize,
    /// How many attempts are made before an effect is a dead letter; 10, which is the whole schedule.
    pub attempts: u32,
    /// After how many failures in a row an endpoint is only probed; 10.
    pub breaker: u32,
    /// After how many milliseconds of nothing but failures an endpoint is switched off; 5 days.
    pub give_up: i64,
}

impl Default for Policy {
    fn default() -> Self {
        Self { concurrency: 8, window: 10_000, dead: 100_000, attempts: 10, breaker: 10, give_up: 5 * 24 * 3_600_000 }
    }
}

/// Which effects an endpoint wants. An empty list wants all; `session.*` stands for all that begin with `session.`.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Filter {
    /// Effect types.
    #[serde(default)]
    pub types: Vec<String>,
    /// Channels.
    #[serde(default)]
    pub channels: Vec<String>,
}

impl Filter {
    /// Whether it wants an effect of that type of a conversation of that channel.
    #[must_use]
    pub fn takes(&self, kind: &str, channel: &str) -> bool {
        wants(&self.types, kind) && wants(&self.channels, channel)
    }
}

fn wants(list: &[String], name: &str) -> bool {
    let fits = |pattern: &String| pattern.strip_suffix('*').map_or(pattern == name, |start| name.starts_with(start));
    list.is_empty() || list.iter().any(fits)
}

/// An effect as the outbox needs to know it.
#[derive(Clone, Copy, Debug)]
pub struct Offered<'a> {
    /// Which one.
    pub effect: EffectRef,
    /// Its conversation, hashed ([`key::lane`]): deliveries of one lane go out one after another.
    pub lane: u64,
    /// Its type.
    pub kind: &'a str,
    /// Its conversation's channel.
    pub channel: &'a str,
}

/// An attempt to make now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// To which endpoint.
    pub endpoint: Name,
    /// Which effect.
    pub effect: EffectRef,
    /// The how-manieth one, from 1.
    pub attempt: u32,
}

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver took it.
    Delivered,
    /// It did not; it is tried again by the schedule.
    Failed {
        /// Why, for people.
        why: Name,
        /// How many milliseconds the receiver asks to be left alone.
        retry_after: Option<i64>,
    },
    /// It never will: trying again makes no sense.
    Refused {
        /// Why, for people.
        why: Name,
    },
    /// The receiver wants nothing any more.
    Gone {
        /// Why, for people.
        why: Name,
    },
    /// There is nothing to deliver.
    Nothing {
        /// Why, for people.
        why: Name,
    },
}

/// What is to be logged after an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The mark. The delivery stands still until the mark is read back by [`Outbox::mark`].
    pub mark: DeliveryRecord,
    /// The endpoint must be switched off as well, and why.
    pub disable: Option<Name>,
}

/// What became of a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marked {
    /// It is applied, or it says nothing new.
    Done,
    /// The endpoint has not been offered that effect yet: read the log from [`Outbox::behind`] on, then come again.
    Behind,
}

/// The deliveries owed to all endpoints.
#[derive(Debug, Default)]
pub struct Outbox {
    policy: Policy,
    /// Up to where marks and endpoints are applied.
    applied: Address,
    queues: BTreeMap<Name, Queue>,
    /// What the endpoints that were removed leave in the books.
    closed: Books,
}

/// What the log says, in its order.
impl Outbox {
    /// An outbox without endpoints, before the first record.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self { policy, ..Self::default() }
    }

    /// Up to where the log is applied: the next record to apply is the one after it.
    #[must_use]
    pub const fn applied(&self) -> Address {
        self.applied
    }

    /// The record at `at` sets up an endpoint, which gets the effects after it, or changes what one wants.
    pub fn open(&mut self, at: Address, endpoint: &Name, filter: Filter) {
        if let Some(queue) = self.queues.get_mut(endpoint) {
            queue.filter = filter;
        } else {
            self.queues.insert(endpoint.clone(), Queue::new(at, filter));
        }
    }

    /// An endpoint is switched off, for a reason, or on again. Off, it keeps what it is owed.
    pub fn switch(&mut self, endpoint: &str, off: Option<Name>) {
        if let Some(queue) = self.queues.get_mut(endpoint) {
            queue.switch(off);
        }
    }

    /// An endpoint is removed: what it is owed is cancelled.
    pub fn close(&mut self, endpoint: &str) {
        if let Some(queue) = self.queues.remove(endpoint) {
            self.closed += queue.books().closed();
        }
    }

    /// Offers the effects of the record at `at`. There must be no record with effects between `after` and `at`.
    ///
    /// Endpoints whose cursor is not in between pass: they are ahead, or wait for room.
    pub fn offer(&mut self, after: Address, at: Address, effects: &[Offered<'_>]) {
        for queue in self.queues.values_mut() {
            queue.offer(&self.policy, (after, at), effects);
        }
    }

    /// There are no effects after `after` up to `through`.
    pub fn passed(&mut self, after: Address, through: Address) {
        self.offer(after, through, &[]);
    }

    /// All records up to here are applied.
    pub fn advance(&mut self, through: Address) {
        self.applied = self.applied.max(through);
    }

    /// Applies a mark of the log.
    pub fn mark(&mut self, record: &DeliveryRecord) -> Marked {
        match self.queues.get_mut(&record.endpoint) {
            Some(queue) => queue.mark(&self.policy, record),
            None => Marked::Done,
        }
    }

    /// From where on the log has to be read again, up to [`Outbox::applied`], for endpoints that had no room before.
    #[must_use]
    pub fn behind(&self) -> Option<Address> {
        let waiting =
            self.queues.values().filter(|queue| queue.cursor() < self.applied && queue.is_hungry(&self.policy));
        waiting.map(Queue::cursor).min()
    }

    /// The oldest record that some endpoint still needs.
    #[must_use]
    pub fn oldest(&self) -> Option<Address> {
        self.queues.values().map(Queue::oldest).min()
    }
}

/// Attempts.
impl Outbox {
    /// The attempts to start now. Each must be answered by [`Outbox::result`].
    pub fn due(&mut self, now: Timestamp) -> Vec<Attempt> {
        let mut attempts = Vec::new();
        for (endpoint, queue) in &mut self.queues {
            queue.due(&self.policy, now, |effect, attempt| {
                attempts.push(Attempt { endpoint: endpoint.clone(), effect, attempt });
            });
        }
        attempts
    }

    /// When [`Outbox::due`] has something to do next, if nothing else happens; it may be in the past.
    #[must_use]
    pub fn next_wake(&self) -> Option<Timestamp> {
        self.queues.values().filter_map(|queue| queue.next_wake(&self.policy)).min()
    }

    /// What came of an attempt; `None` when the endpoint is gone meanwhile.
    pub fn result(&mut self, now: Timestamp, attempt: &Attempt, outcome: Outcome) -> Option<Settled> {
        let queue = self.queues.get_mut(&attempt.endpoint)?;
        let (mark, disable) = queue.result(&self.policy, now, attempt, outcome)?;
        let (endpoint, effect) = (attempt.endpoint.clone(), attempt.effect);
        Some(Settled { mark: DeliveryRecord { now, endpoint, effect, mark }, disable })
    }

    /// The record that brings a dead letter back to life; `None` when it is no dead letter.
    #[must_use]
    pub fn retry(&self, now: Timestamp, endpoint: &str, effect: EffectRef) -> Option<DeliveryRecord> {
        let (endpoint, queue) = self.queues.get_key_value(endpoint)?;
        queue.is_dead(effect).then(|| DeliveryRecord { now, endpoint: endpoint.clone(), effect, mark: Mark::Retried })
    }
}

/// What there is to see.
impl Outbox {
    /// The books of all endpoints together, removed ones included.
    #[must_use]
    pub fn books(&self) -> Books {
        self.queues.values().fold(self.closed, |mut all, queue| {
            all += queue.books();
            all
        })
    }

    /// How an endpoint does.
    #[must_use]
    pub fn health(&self, endpoint: &str) -> Option<Health> {
        self.queues.get(endpoint).map(|queue| queue.health(&self.policy))
    }

    /// The endpoints, in the order of their ids.
    pub fn endpoints(&self) -> impl Iterator<Item = &Name> {
        self.queues.keys()
    }

    /// Open deliveries or dead letters of an endpoint after one of them, oldest first.
    #[must_use]
    pub fn list(&self, endpoint: &str, state: State, after: Option<EffectRef>, limit: usize) -> Vec<Listed> {
        self.queues.get(endpoint).map(|queue| queue.list(state, after, limit)).unwrap_or_default()
    }
}
