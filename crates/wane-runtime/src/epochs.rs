//! The happenings to all conversations, in order, and taking a conversation through those it has not gone through.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use wane_core::effect::Moved;
use wane_core::engine::Engine;
use wane_core::session::Conversation;
use wane_core::time::Timestamp;
use wane_wire::record::Ordinal;

use crate::epoch::Epoch;
use crate::slab::Head;

/// A happening, and the rules in force after it.
#[derive(Clone, Debug)]
pub(crate) struct Passed {
    pub(crate) epoch: Epoch,
    pub(crate) engine: Arc<Engine>,
    pub(crate) ordinal: Ordinal,
}

/// All happenings that some conversation may still have to go through.
#[derive(Debug)]
pub(crate) struct Epochs {
    /// The number of the first one, from 1.
    first: u32,
    passed: VecDeque<Passed>,
    /// By happening, then by channel in its rules and by status: how many conversations have gone as far.
    counts: BTreeMap<u32, BTreeMap<u16, [u64; 4]>>,
}

impl Default for Epochs {
    fn default() -> Self {
        Self { first: 1, passed: VecDeque::new(), counts: BTreeMap::new() }
    }
}

impl Epochs {
    /// Adds one. An outage before any rules happens to nobody.
    pub(crate) fn push(&mut self, epoch: Epoch) {
        let (engine, ordinal) = match &epoch {
            Epoch::Rules { ordinal, engine, .. } => (Arc::clone(engine), *ordinal),
            Epoch::Outage { .. } => match self.passed.back() {
                Some(last) => (Arc::clone(&last.engine), last.ordinal),
                None => return,
            },
        };
        self.passed.push_back(Passed { epoch, engine, ordinal });
    }

    /// The next one to be added gets this number; before the first is added.
    pub(crate) fn begin_at(&mut self, first: u32) {
        if self.passed.is_empty() {
            self.first = first.max(1);
        }
    }

    /// The last one.
    pub(crate) fn latest(&self) -> Option<&Passed> {
        self.passed.back()
    }

    /// The number of the last one.
    pub(crate) fn number(&self) -> u32 {
        (self.first - 1).saturating_add(u32::try_from(self.passed.len()).unwrap_or(u32::MAX))
    }

    pub(crate) fn get(&self, number: u32) -> Option<&Passed> {
        self.passed.get(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }

    /// All of them, by number. Everybody has the first one behind; of it, the rules in force after it are told, also when
    /// it was an outage.
    pub(crate) fn all(&self) -> impl Iterator<Item = (u32, Epoch)> {
        (self.first..).zip(&self.passed).map(|(number, passed)| {
            let Passed { epoch, engine, ordinal } = passed;
            let told = match *epoch {
                Epoch::Outage { now, .. } if number == self.first => {
                    Epoch::Rules { ordinal: *ordinal, now, engine: Arc::clone(engine) }
                }
                Epoch::Rules { .. } | Epoch::Outage { .. } => epoch.clone(),
            };
            (number, told)
        })
    }

    /// The number of the first one.
    pub(crate) const fn first(&self) -> u32 {
        self.first
    }

    /// The last one that a decision by these rules at that instant had behind it.
    pub(crate) fn behind(&self, rules: Ordinal, now: Timestamp) -> u32 {
        let behind = self.passed.iter().take_while(|passed| match passed.epoch {
            Epoch::Rules { ordinal, .. } => ordinal <= rules,
            Epoch::Outage { now: end, .. } => passed.ordinal <= rules && end <= now,
        });
        (self.first - 1).saturating_add(u32::try_from(behind.count()).unwrap_or(u32::MAX))
    }

    /// Takes a conversation from one to another, each at its instant; gives what that did.
    pub(crate) fn pass(&self, state: &mut Conversation, from: u32, to: u32) -> Moved {
        let mut moved = Moved::default();
        for number in from.saturating_add(1)..=to {
            let done = self.step(state, number);
            moved.lapses.extend(done.lapses);
            moved.effects.extend(done.effects);
        }
        moved
    }

    /// Takes it as far as nothing is decided on the way; gives how far that is.
    pub(crate) fn pass_quietly(&self, state: &mut Conversation, from: u32) -> u32 {
        for number in from.saturating_add(1)..=self.number() {
            let mut next = state.clone();
            let moved = self.step(&mut next, number);
            if !is_empty(&moved) {
                return number - 1;
            }
            *state = next;
        }
        self.number().max(from)
    }

    fn step(&self, state: &mut Conversation, number: u32) -> Moved {
        let Some(passed) = self.get(number) else { return Moved::default() };
        match passed.epoch {
            Epoch::Rules { now, .. } => {
                if let Some(before) = self.get(number - 1) {
                    passed.engine.adopt(state, before.engine.rules(), now);
                }
                Moved::default()
            }
            Epoch::Outage { from, now } => passed.engine.catch_up(state, from, now),
        }
    }

    /// Counts a conversation, or counts it no longer.
    pub(crate) fn count(&mut self, epoch: u32, head: Head, add: bool) {
        let statuses = self.counts.entry(epoch).or_default().entry(head.channel).or_default();
        let count = statuses.get_mut(usize::from(head.status));
        if let Some(count) = count {
            *count = if add { *count + 1 } else { count.saturating_sub(1) };
        }
    }

    /// By channel in the rules in force, and by status. Conversations on channels that these rules do not have are left
    /// out.
    pub(crate) fn by_channel(&self) -> Vec<[u64; 4]> {
        let Some(rules) = self.latest().map(|latest| latest.engine.rules()) else { return Vec::new() };
        let mut all = vec![[0; 4]; rules.channels.len()];
        for (epoch, channels) in &self.counts {
            let Some(held) = self.get(*epoch) else { continue };
            let held = held.engine.rules();
            for (channel, counts) in channels {
                let channel = held.channels.get(usize::from(*channel));
                let channel = channel.and_then(|channel| rules.find_channel(&channel.name));
                let Some(sums) = channel.and_then(|channel| all.get_mut(usize::from(channel.0))) else { continue };
                sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
            }
        }
        all
    }

    /// Forgets those that every conversation has gone through, but the last.
    pub(crate) fn prune(&mut self) {
        self.counts.retain(|_, channels| channels.values().flatten().any(|count| *count > 0));
        let needed = self.counts.keys().next().copied().unwrap_or(u32::MAX).min(self.number());
        while self.first < needed {
            self.passed.pop_front();
            self.first += 1;
        }
    }
}

pub(crate) const fn is_empty(moved: &Moved) -> bool {
    moved.lapses.is_empty() && moved.effects.is_empty()
}
