//! The lasting state of the outbox as bytes, so that recovery reads the log from there and not from its start.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use wane_core::time::Timestamp;
use wane_wire::record::{Address, EffectRef};

use super::queue::{Dead, Open, Queue};
use super::{Books, Filter, Outbox, Policy};

/// The version of the form; another one is not read.
const VERSION: u32 = 1;

/// Bytes that are no snapshot of an outbox.
#[derive(Debug, Error)]
pub enum SnapshotError {
    /// Not of the form.
    #[error("the state of the outbox can not be read: {0}")]
    Form(#[from] serde_json::Error),
    /// Of another version.
    #[error("the state of the outbox is of version {0}, not {VERSION}")]
    Version(u32),
    /// It contradicts itself.
    #[error("the state of the outbox does not balance: endpoint `{0}`")]
    Balance(String),
}

#[derive(Serialize, Deserialize)]
struct Saved {
    version: u32,
    applied: u64,
    closed: Books,
    endpoints: Vec<SavedQueue>,
}

#[derive(Serialize, Deserialize)]
struct SavedQueue {
    id: String,
    filter: Filter,
    cursor: u64,
    books: Books,
    off: Option<String>,
    failures: u32,
    failing_since: Option<i64>,
    probe_at: Option<i64>,
    open: Vec<SavedOpen>,
    dead: Vec<SavedDead>,
}

#[derive(Serialize, Deserialize)]
struct SavedOpen {
    record: u64,
    index: u32,
    lane: u64,
    failed: u32,
    due: Option<i64>,
    why: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct SavedDead {
    record: u64,
    index: u32,
    lane: u64,
    at: i64,
    why: String,
}

impl Outbox {
    /// Its state up to [`Outbox::applied`]. Recovery is [`Outbox::restore`], and the records of the log after that.
    #[must_use]
    pub fn snapshot(&self) -> Vec<u8> {
        let endpoints = self.queues.iter().map(|(id, queue)| save(id, queue)).collect();
        let saved = Saved { version: VERSION, applied: self.applied.0, closed: self.closed, endpoints };
        // Texts and numbers in plain structs: there is nothing in it that JSON can not hold.
        serde_json::to_vec(&saved).unwrap_or_default()
    }

    /// The outbox of a snapshot. What was under way then waits again.
    ///
    /// # Errors
    /// [`SnapshotError`].
    pub fn restore(policy: Policy, bytes: &[u8]) -> Result<Self, SnapshotError> {
        let saved: Saved = serde_json::from_slice(bytes)?;
        if saved.version != VERSION {
            return Err(SnapshotError::Version(saved.version));
        }
        let mut outbox = Self { policy, applied: Address(saved.applied), closed: saved.closed, ..Self::default() };
        for saved in saved.endpoints {
            let (id, books) = (saved.id.clone(), saved.books);
            let queue = load(saved);
            if queue.books() != books || !books.balance() {
                return Err(SnapshotError::Balance(id));
            }
            outbox.queues.insert(id.into(), queue);
        }
        Ok(outbox)
    }
}

fn save(id: &str, queue: &Queue) -> SavedQueue {
    let open = queue.open.iter().map(|(effect, open)| SavedOpen {
        record: effect.record.0,
        index: effect.index,
        lane: open.lane,
        failed: open.failed,
        due: open.due.map(Timestamp::millis),
        why: open.why.as_deref().map(str::to_owned),
    });
    let dead = queue.dead.iter().map(|(effect, dead)| SavedDead {
        record: effect.record.0,
        index: effect.index,
        lane: dead.lane,
        at: dead.at.millis(),
        why: dead.why.to_string(),
    });
    SavedQueue {
        id: id.to_owned(),
        filter: queue.filter.clone(),
        cursor: queue.cursor.0,
        books: queue.books(),
        off: queue.off.as_deref().map(str::to_owned),
        failures: queue.failures,
        failing_since: queue.failing_since.map(Timestamp::millis),
        probe_at: queue.probe_at.map(Timestamp::millis),
        open: open.collect(),
        dead: dead.collect(),
    }
}

fn load(saved: SavedQueue) -> Queue {
    let mut queue = Queue::new(Address(saved.cursor), saved.filter);
    queue.enqueued = saved.books.enqueued;
    queue.delivered = saved.books.delivered;
    queue.cancelled = saved.books.cancelled;
    queue.off = saved.off.map(Into::into);
    queue.failures = saved.failures;
    queue.failing_since = saved.failing_since.and_then(stamp);
    queue.probe_at = saved.probe_at.and_then(stamp);
    for open in saved.open {
        let mut fresh = Open::new(open.lane);
        fresh.failed = open.failed;
        fresh.due = open.due.and_then(stamp);
        fresh.why = open.why.map(Into::into);
        queue.admit(effect(open.record, open.index), fresh);
    }
    for dead in saved.dead {
        let at = stamp(dead.at).unwrap_or(Timestamp::EPOCH);
        queue.dead.insert(effect(dead.record, dead.index), Dead { lane: dead.lane, at, why: dead.why.into() });
    }
    queue
}

const fn effect(record: u64, index: u32) -> EffectRef {
    EffectRef { record: Address(record), index }
}

fn stamp(millis: i64) -> Option<Timestamp> {
    Timestamp::from_millis(millis).ok()
}
