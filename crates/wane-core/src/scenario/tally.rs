//! How often each rule row won and each timer lapsed: the coverage of scenarios.

use std::collections::{BTreeMap, BTreeSet};

use crate::effect::Effect;
use crate::facts::Name;
use crate::session::Conversation;
use crate::timer::{Phase, RowId, TimerId};

/// Counts of used rows and timers.
///
/// A row wins once for each start of a timer that it gave the duration of. What starts and stops within one event is
/// not seen.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    wins: BTreeSet<(Name, u32, RowId)>,
    lapses: BTreeSet<(Name, u32, TimerId)>,
}

impl Tally {
    pub(super) const fn new() -> Self {
        Self { wins: BTreeSet::new(), lapses: BTreeSet::new() }
    }

    /// Counts what is to be seen of a conversation after it moved.
    pub(super) fn after(&mut self, name: &Name, conversation: &Conversation, effects: &[Effect]) {
        for effect in effects {
            if let Some(cause) = effect.cause.timer() {
                self.wins.insert((name.clone(), cause.generation, cause.row));
                if effect.at >= cause.deadline {
                    self.lapses.insert((name.clone(), cause.generation, cause.timer));
                }
            }
        }
        for state in conversation.timers() {
            match &state.phase {
                Phase::Running(running) => {
                    self.wins.insert((name.clone(), state.generation, running.row));
                }
                Phase::Lapsed { row, .. } => {
                    self.wins.insert((name.clone(), state.generation, *row));
                    self.lapses.insert((name.clone(), state.generation, state.timer));
                }
                Phase::Unset { .. } => {}
            }
        }
    }

    /// How often each row won.
    #[must_use]
    pub fn wins(&self) -> BTreeMap<RowId, usize> {
        count(self.wins.iter().map(|(_, _, row)| *row))
    }

    /// How often each timer lapsed.
    #[must_use]
    pub fn lapses(&self) -> BTreeMap<TimerId, usize> {
        count(self.lapses.iter().map(|(_, _, timer)| *timer))
    }
}

fn count<K: Ord>(keys: impl Iterator<Item = K>) -> BTreeMap<K, usize> {
    let mut counts = BTreeMap::new();
    for key in keys {
        *counts.entry(key).or_insert(0) += 1;
    }
    counts
}
