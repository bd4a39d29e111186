//! Idle work: taking conversations through what happened to all before somebody needs them. New rules may have made a
//! deadline earlier than where it is filed.

use std::sync::Arc;

use wane_core::time::Timestamp;

use super::Shard;
use crate::batch::Batch;
use crate::epochs::is_empty;

/// Conversations that need nothing cost next to nothing to pass over.
const PASSED_OVER: usize = 16;

impl Shard {
    /// Idle work, a slice of about `most` conversations: catching up with epochs. Returns whether there is more to do;
    /// once it is done, there is more after the next epoch.
    pub fn tidy(&mut self, now: Timestamp, most: usize, batch: &mut Batch) -> bool {
        let Some(mut slot) = self.tidying else { return false };
        let mut budget = most.saturating_mul(PASSED_OVER);
        while budget > 0 && batch.bytes.len() < 2 * Batch::FULL {
            if slot as usize >= self.slab.slots() {
                self.tidying = None;
                self.epochs.prune();
                return false;
            }
            let behind = self.slab.get(slot).is_some_and(|entry| entry.epoch < self.epochs.number());
            budget = budget.saturating_sub(if behind { PASSED_OVER } else { 1 });
            if behind {
                self.catch_up(slot, now, batch);
            }
            slot += 1;
        }
        self.tidying = Some(slot);
        true
    }

    /// Takes one conversation as far as all. One that is due is left to [`Shard::tick`], in its turn and at its rate.
    fn catch_up(&mut self, slot: u32, now: Timestamp, batch: &mut Batch) {
        if self.calendar.deadline(slot).is_some_and(|deadline| deadline <= now.millis()) {
            return;
        }
        let Some(latest) = self.epochs.latest() else { return };
        let (engine, epoch) = (Arc::clone(&latest.engine), self.epochs.number());
        let Some(mut held) = self.load(slot) else { return };
        let moved = self.epochs.pass(&mut held.state, held.epoch, epoch);
        if !is_empty(&moved) {
            self.decide_due(slot, now, batch);
        } else if let Some(key) = self.key(slot) {
            self.store((&key, Some(slot)), &held.state, (&engine, epoch));
        }
    }
}
