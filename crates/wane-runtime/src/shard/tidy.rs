//! Idle work: taking conversations through what happened to all before somebody needs them. New rules may have made a
//! deadline earlier than where it is filed. What nobody has to go through any more can be forgotten.

use std::collections::BTreeSet;
use std::sync::Arc;

use wane_core::time::Timestamp;
use wane_wire::record::Ordinal;

use super::Shard;
use crate::batch::Batch;
use crate::epochs::is_empty;

/// Conversations that need nothing cost next to nothing to pass over.
const PASSED_OVER: usize = 16;

/// What a shard needs of what happened to all conversations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// The number of the last happening that all its conversations have behind them; nobody has to go through it, or
    /// through any before it. The rules after it are needed to read them.
    pub reached: u32,
    /// The rules of the records that it wrote or read since it was asked before. More will come only by the rules after
    /// `reached`, or by later ones.
    pub decided: BTreeSet<Ordinal>,
}

impl Shard {
    /// Forgets the happenings that all its conversations have behind them, and says what is left to need. Records of a
    /// batch that is not sealed yet are told.
    pub fn needs(&mut self) -> Needs {
        self.epochs.prune();
        Needs { reached: self.epochs.first(), decided: std::mem::take(&mut self.decided) }
    }

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
