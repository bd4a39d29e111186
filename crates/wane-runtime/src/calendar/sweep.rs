//! Sweeping stale entries out of the calendar, some chunks at a time.
//!
//! A sweep goes through the buckets once. A bucket's list is set aside, and what still counts of it is put back. A session
//! may have two entries in one bucket, after it left and came back: the sweep marks those it has seen there, with one of
//! two marks in turn, and drops the second.

use super::chunks::{Chunks, List};
use super::{COARSE, Calendar, FINE};

/// Stale entries that are never swept for.
const FEW: usize = 1_024;
/// Entries looked at in one call, besides those that new stale entries pay for.
const STEP: usize = 960;
/// Entries looked at for each one that went stale since the last call.
const PAID: usize = 8;

/// Where a sweep is.
#[derive(Debug, Default)]
pub(super) struct Sweep {
    /// The bucket whose list is set aside.
    bucket: Option<usize>,
    aside: List,
    mark: u64,
    /// How many entries were stale at the last call.
    stale: usize,
}

impl Sweep {
    pub(super) const fn is_running(&self) -> bool {
        self.bucket.is_some()
    }

    /// Takes an entry from what is set aside of a bucket, when that comes up in the middle of a sweep.
    pub(super) fn pop(&mut self, bucket: usize, chunks: &mut Chunks) -> Option<u32> {
        if self.bucket == Some(bucket) { chunks.pop(&mut self.aside) } else { None }
    }
}

impl Calendar {
    /// A step of a sweep, if one is needed: when more than a quarter of what waits would be stale.
    pub(super) fn sweep(&mut self) {
        let stale = self.entries - self.filed;
        if !self.sweep.is_running() {
            if stale <= self.filed / 4 + FEW {
                self.sweep.stale = stale;
                return;
            }
            self.sweep.mark = if self.sweep.mark == 1 { 2 } else { 1 };
            self.begin(0);
        }
        let budget = STEP + PAID * stale.saturating_sub(self.sweep.stale);
        for _ in 0..budget {
            let Some(bucket) = self.sweep.bucket else { break };
            match self.chunks.pop(&mut self.sweep.aside) {
                Some(id) => self.look(bucket, id),
                None => self.begin(bucket + 1),
            }
        }
        self.sweep.stale = self.entries - self.filed;
    }

    /// Sets the list of the next bucket that has one aside.
    fn begin(&mut self, from: usize) {
        self.sweep.bucket = self.used.next(from, FINE + COARSE);
        let bucket = self.sweep.bucket.and_then(|bucket| self.buckets.get_mut(bucket));
        self.sweep.aside = bucket.map(|bucket| std::mem::take(&mut bucket.list)).unwrap_or_default();
    }

    /// Puts an entry back, unless it is stale, or the second of its session.
    fn look(&mut self, bucket: usize, id: u32) {
        let mark = self.sweep.mark;
        let Some(place) = self.buckets.get_mut(bucket) else { return };
        let time = self.times.get_mut(id as usize);
        if let Some(time) = time.filter(|time| time.bucket() == Some(bucket) && time.mark() != mark) {
            time.set_mark(mark);
            self.chunks.push(&mut place.list, id);
            return;
        }
        place.count -= 1;
        self.entries -= 1;
        if place.count == 0 {
            self.used.set(bucket, false);
        }
    }
}
