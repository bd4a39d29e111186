//! Group commit: what gathers while one block is made durable becomes the next block.
//!
//! Shards put their batches here under one lock ([`Committer::add`]); the log's thread runs [`Committer::run`]. An answer
//! leaves when the block that it rests on is durable. When a block can not be written, nothing is answered any more.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use wane_core::time::Timestamp;
use wane_runtime::block::Builder;
use wane_store::log::{Block, Log, LogError};
use wane_wire::record::{Address, Record, Sequence, encode};

use super::Observer;
use crate::clock::{Clock, Stopwatch};

/// Batches wait for room when this many bytes wait for the disk.
const WAITING_LIMIT: usize = 32 * 1024 * 1024;
/// Recent blocks are kept in memory up to this many bytes, for followers that keep up.
const RECENT_LIMIT: usize = 32 * 1024 * 1024;
/// How often the log says that the service is up, in milliseconds.
const TICK_EVERY: i64 = 1_000;

/// Done when the block is durable (`true`), or when it never will be.
pub(super) type Release = Box<dyn FnOnce(bool) + Send>;

/// How far the log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Durable {
    /// The last durable block.
    pub(super) through: Sequence,
    /// Nothing more will come.
    pub(super) stopped: bool,
}

/// The way of batches into the log.
pub(super) struct Committer {
    log: Arc<dyn Log>,
    clock: Clock,
    observer: Arc<dyn Observer>,
    gate: Mutex<Gate>,
    /// Something to write, or to stop for.
    work: Condvar,
    /// Room again for more.
    room: Condvar,
    durable: watch::Sender<Durable>,
    recent: Mutex<Recent>,
    stopped: AtomicBool,
    written: AtomicU64,
}

struct Gate {
    builder: Builder,
    releases: VecDeque<(Sequence, Release)>,
    /// The block that an answer given now rests on at most.
    latest: Sequence,
    ticked: Timestamp,
    closing: bool,
    said_goodbye: bool,
}

/// The log's thread is no more, for whatever reason: nobody may wait for it.
struct Over<'a>(&'a Committer);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

#[derive(Default)]
struct Recent {
    blocks: VecDeque<Block>,
    bytes: usize,
}

impl Committer {
    pub(super) fn new(log: Arc<dyn Log>, clock: Clock, observer: Arc<dyn Observer>) -> Self {
        let next = log.next();
        let durable = Sequence(next.0.saturating_sub(1));
        let gate = Gate {
            builder: Builder::new(next),
            releases: VecDeque::new(),
            latest: durable,
            ticked: clock.now(),
            closing: false,
            said_goodbye: false,
        };
        Self {
            log,
            clock,
            observer,
            gate: Mutex::new(gate),
            work: Condvar::new(),
            room: Condvar::new(),
            durable: watch::Sender::new(Durable { through: durable, stopped: false }),
            recent: Mutex::default(),
            stopped: AtomicBool::new(false),
            written: AtomicU64::new(0),
        }
    }

    /// Puts records of that length behind all others. `fill` is told their address, and gives their bytes and what is to be
    /// done when they, and everything before them, are durable; it is not called any more once a write failed. Waits while
    /// too much waits for the disk.
    pub(super) fn add<'b>(&self, length: usize, fill: impl FnOnce(Address) -> (&'b [u8], Release)) -> Address {
        let mut gate = self.lock();
        while gate.builder.waiting() > WAITING_LIMIT && !self.stopped.load(Ordering::Acquire) {
            gate = self.room.wait(gate).unwrap_or_else(PoisonError::into_inner);
        }
        if self.stopped.load(Ordering::Acquire) {
            return Address::NONE;
        }
        let base = gate.builder.place(length);
        let (bytes, release) = fill(base);
        gate.builder.add(bytes);
        gate.latest = base.block();
        let latest = gate.latest;
        gate.releases.push_back((latest, release));
        drop(gate);
        self.work.notify_one();
        base
    }

    /// Calls `release` when everything that was added until now is durable.
    pub(super) fn after_all(&self, release: Release) {
        let mut gate = self.lock();
        let latest = gate.latest;
        let over = self.stopped.load(Ordering::Acquire);
        if !over && self.durable.borrow().through < latest {
            gate.releases.push_back((latest, release));
            return;
        }
        drop(gate);
        release(!over);
    }

    /// Adds one record by itself.
    pub(super) fn record(&self, record: &Record, release: Release) -> Address {
        let mut bytes = Vec::new();
        encode(record, 0, &mut bytes);
        self.add(bytes.len(), |_| (&bytes, release))
    }

    /// The block that records added now may be in: everything before it has been added.
    pub(super) fn open_block(&self) -> Sequence {
        self.lock().builder.open()
    }

    pub(super) fn durable(&self) -> Sequence {
        self.durable.borrow().through
    }

    pub(super) fn follow(&self) -> watch::Receiver<Durable> {
        self.durable.subscribe()
    }

    /// Bytes of records that this process made durable.
    pub(super) fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    pub(super) fn log(&self) -> &Arc<dyn Log> {
        &self.log
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    /// Recent blocks from `from` on, when the oldest of them is still in memory.
    pub(super) fn recent(&self, from: Sequence, most: usize) -> Option<Vec<Block>> {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let first = recent.blocks.front()?.sequence;
        let skip = usize::try_from(from.0.checked_sub(first.0)?).ok()?;
        let mut bytes = 0;
        let within = |block: &&Block| {
            let fits = bytes == 0 || bytes + block.records.len() <= most;
            bytes += block.records.len().max(1);
            fits
        };
        Some(recent.blocks.iter().skip(skip).take_while(within).cloned().collect())
    }

    /// The oldest block that can be read: the log may have let go of some that are still in memory.
    pub(super) fn oldest(&self) -> Sequence {
        let kept = self.log.first();
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.blocks.front().map_or(kept, |block| block.sequence.min(kept))
    }

    /// No more is coming: what waits is written, then [`Committer::run`] returns.
    pub(super) fn close(&self) {
        self.lock().closing = true;
        self.work.notify_one();
    }

    /// The log's thread: writes blocks until closed, or until a write fails. Whatever comes later is not answered.
    ///
    /// # Errors
    /// The failed write. The state in memory is then ahead of the log: the process must stop.
    pub(super) fn run(&self) -> Result<(), LogError> {
        let _over = Over(self);
        while let Some((sequence, block)) = self.next_block() {
            let watch = Stopwatch::start();
            self.log.append(sequence, &block)?;
            self.observer.committed(block.len(), watch.elapsed());
            self.written.fetch_add(block.len() as u64, Ordering::Relaxed);
            self.keep(Block { sequence, records: block.into() });
            self.release(sequence);
        }
        Ok(())
    }

    fn next_block(&self) -> Option<(Sequence, Vec<u8>)> {
        let mut gate = self.lock();
        loop {
            self.tick(&mut gate);
            if let Some(block) = gate.builder.take() {
                drop(gate);
                self.room.notify_all();
                return Some(block);
            }
            if gate.closing {
                if std::mem::replace(&mut gate.said_goodbye, true) {
                    return None;
                }
                // An outage is counted from here.
                let now = self.clock.now();
                tick(&mut gate, now);
                continue;
            }
            let wait = Duration::from_millis(u64::try_from(TICK_EVERY).unwrap_or_default());
            gate = self.work.wait_timeout(gate, wait).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Every second the log says that the service is up, so that an outage can be measured after it.
    fn tick(&self, gate: &mut Gate) {
        let now = self.clock.now();
        if now.millis_since(gate.ticked) >= TICK_EVERY {
            tick(gate, now);
        }
    }

    fn keep(&self, block: Block) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.bytes += block.records.len();
        recent.blocks.push_back(block);
        while recent.bytes > RECENT_LIMIT {
            let Some(old) = recent.blocks.pop_front() else { break };
            recent.bytes -= old.records.len();
        }
    }

    fn release(&self, durable: Sequence) {
        let mut ready = Vec::new();
        {
            let mut gate = self.lock();
            self.durable.send_modify(|state| state.through = durable);
            while gate.releases.front().is_some_and(|(sequence, _)| *sequence <= durable) {
                ready.extend(gate.releases.pop_front().map(|(_, release)| release));
            }
        }
        ready.into_iter().for_each(|release| release(true));
    }

    fn end(&self) {
        let releases = {
            let mut gate = self.lock();
            self.stopped.store(true, Ordering::Release);
            std::mem::take(&mut gate.releases)
        };
        self.room.notify_all();
        releases.into_iter().for_each(|(_, release)| release(false));
        self.durable.send_modify(|state| state.stopped = true);
    }

    fn lock(&self) -> MutexGuard<'_, Gate> {
        // A thread that panicked while holding it left counters at worst; the daemon is going down then anyway.
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds the record that the service is up.
fn tick(gate: &mut Gate, now: Timestamp) {
    gate.ticked = now;
    let mut bytes = Vec::new();
    encode(&Record::Tick { now }, 0, &mut bytes);
    gate.latest = gate.builder.add(&bytes).block();
}
